/** How long to pause after so many failures in a row, in milliseconds: doubles from 50 to 5,000; a random half of it keeps those who wait from asking in step. */
export function retryDelayMs(failures: number): number {
  return Math.min(5000, 50 * 2 ** failures) * (0.5 + Math.random() / 2)
}
