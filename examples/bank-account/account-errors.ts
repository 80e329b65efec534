/** The status of an account does not allow the command. */
export class AccountNotOpenError extends Error {
  override readonly name = 'AccountNotOpenError'

  constructor(status: 'unopened' | 'closed') {
    super(
      status === 'unopened'
        ? 'The account is not open yet. Open it first.'
        : 'The account is closed. Use another one.',
    )
  }
}

/** An account is opened once. */
export class AccountAlreadyOpenedError extends Error {
  override readonly name = 'AccountAlreadyOpenedError'

  constructor() {
    super('The account was opened before. Open one with another id.')
  }
}

/** An amount of money is a whole number of cents above 0. */
export class InvalidAmountError extends Error {
  override readonly name = 'InvalidAmountError'

  constructor(cents: number) {
    super(`${cents} is no amount. Use a whole number of cents above 0.`)
  }
}

/** The account would go below its overdraft limit. */
export class InsufficientFundsError extends Error {
  override readonly name = 'InsufficientFundsError'
  readonly balance: number
  readonly overdraftLimit: number
  readonly asked: number

  constructor(facts: { balance: number; overdraftLimit: number; asked: number }) {
    const { balance, overdraftLimit, asked } = facts
    super(
      `Balance is ${balance} cents with an overdraft limit of ${overdraftLimit}, asked for ${asked}. Ask for less, or have the overdraft approved.`,
    )
    this.balance = balance
    this.overdraftLimit = overdraftLimit
    this.asked = asked
  }
}

/** Only an account with a balance of 0 can be closed. */
export class AccountNotEmptyError extends Error {
  override readonly name = 'AccountNotEmptyError'

  constructor(balance: number) {
    super(`Balance is ${balance} cents. Bring it to 0, then close the account.`)
  }
}
