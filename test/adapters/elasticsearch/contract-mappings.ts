/** Mappings for the documents of the contract. */
export const contractMappings = {
  properties: {
    title: { type: 'keyword', ignore_above: 8000 },
    count: { type: 'long' },
    ratio: { type: 'double' },
    isOpen: { type: 'boolean' },
    lines: { type: 'object', enabled: false },
    note: { type: 'keyword', ignore_above: 8000 },
    hint: { type: 'keyword', ignore_above: 8000 },
  },
} as const
