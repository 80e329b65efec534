import { expect, test } from '@jest/globals'
import { InvalidStreamIdError, NotJsonError } from '../src/index.ts'
import { EverfoldError } from '../src/errors.ts'

test('recognises its own errors', () => {
  const error = new InvalidStreamIdError('', 'it is empty')

  expect(EverfoldError.is(error)).toBe(true)
  expect(error).toBeInstanceOf(Error)
  expect(error.name).toBe('InvalidStreamIdError')
})

test('recognises an error of another copy of the package by its brand', () => {
  const foreign = Object.assign(new Error('of another copy'), {
    [Symbol.for('everfold.error')]: true,
    code: 'NOT_JSON',
    retryable: false,
  })

  expect(foreign).not.toBeInstanceOf(EverfoldError)
  expect(EverfoldError.is(foreign)).toBe(true)
})

test('takes no other error or value for its own', () => {
  const others = [new Error('x'), { code: 'NOT_JSON' }, 'NOT_JSON', null, undefined]

  expect(others.map((other) => EverfoldError.is(other))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ])
})

test('keeps the cause', () => {
  const cause = new Error('why')

  expect(new NotJsonError('data', 'is odd', { cause }).cause).toBe(cause)
})

test('keeps its brand out of what is logged', () => {
  const error = new NotJsonError('data', 'is odd')

  expect(Object.prototype.propertyIsEnumerable.call(error, Symbol.for('everfold.error'))).toBe(
    false,
  )
})
