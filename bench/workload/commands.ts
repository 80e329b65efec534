import type { CommandOf } from '../../src/index.ts'
import { account, paymentOf, type Account, type AccountEvent } from './account.ts'

export type AccountCommand = CommandOf<(typeof account)['decide'] extends Rows<infer C> ? C : never>

type Rows<Commands> = {
  readonly [Type in keyof Commands]: (state: Account, command: Commands[Type]) => unknown
}

/** A command, and the account it is for. */
export interface Errand {
  readonly id: string
  readonly command: AccountCommand
  readonly commandId: string
}

/** Accounts take turns; each is opened and then gets payments, one in three of them withdrawn. */
export function errandsOf(size: {
  readonly accounts: number
  readonly commandsEach: number
}): readonly Errand[] {
  const { accounts, commandsEach } = size
  return Array.from({ length: accounts * commandsEach }, (_, number) => ({
    id: String(number % accounts),
    command: commandAt(number, Math.floor(number / accounts)),
    commandId: `command-${number}`,
  }))
}

/** The domain's own rows, called by hand. */
export function decideByHand(state: Account, command: AccountCommand): readonly AccountEvent[] {
  switch (command.type) {
    case 'Open':
      return account.decide.Open(state, command)
    case 'Deposit':
      return account.decide.Deposit(state, command)
    case 'Withdraw':
      return account.decide.Withdraw(state, command)
  }
}

function commandAt(number: number, turn: number): AccountCommand {
  if (turn === 0) return { type: 'Open', owner: `Owner ${number}` }
  const payment = paymentOf(number)
  if (turn % 3 !== 0) return { type: 'Deposit', payment }
  return { type: 'Withdraw', payment: { ...payment, cents: 1 } }
}
