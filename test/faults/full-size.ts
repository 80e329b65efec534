/** Whether the fault suites run as long, and with as many, as their promises say: EVERFOLD_FAULT_SIZE=full. Otherwise they are short. */
export const isFullSize: boolean = process.env['EVERFOLD_FAULT_SIZE'] === 'full'
