/** A row cannot be measured here; the message says what it needs. The other rows are. */
export class RowRefused extends Error {}
