import { describe, expect, test } from 'vitest'
import { Float, type Value } from '../value/value.ts'
import { format } from './format.ts'

// Every line was checked against Python 3.11.
describe('format', () => {
  test.each<[Value, string, string]>([
    [0.125, '.2f', '0.12'],
    [2.5, '.0f', '2'],
    [3.5, '.0f', '4'],
    [2.675, '.2f', '2.67'],
    [1.005, '.2f', '1.00'],
    [0.5, '.0f', '0'],
    [10, '.1f', '10.0'],
    [0.125, '.1%', '12.5%'],
    [new Float(1e22), '.3f', '10000000000000000000000.000'],
    [9.999999999999999e22, '.15e', '9.999999999999999e+22'],
    [5e-324, '.3g', '4.94e-324'],
    [999999.5, '.6g', '1e+06'],
    [new Float(123), '.3', '1.23e+02'],
    [new Float(1), '', '1.0'],
    [new Float(1), 'g', '1'],
    [new Float(1), '#g', '1.00000'],
    [new Float(1234567), ',', '1,234,567.0'],
    [1234567, ',', '1,234,567'],
    [1234, '08,', '0,001,234'],
    [255, '#x', '0xff'],
    [255, '#010X', '0X000000FF'],
    [65535, '_b', '1111_1111_1111_1111'],
    [-5, '=+6', '-    5'],
    [5, '+', '+5'],
    [5, ' ', ' 5'],
    [-5, '*^7', '**-5***'],
    [97, 'c', 'a'],
    [new Float(Infinity), '010', '0000000inf'],
    [new Float(-0), 'z', '0.0'],
    [-0.001, 'z.1f', '0.0'],
    [true, 'd', '1'],
    [100000000000000000000n, ',d', '100,000,000,000,000,000,000'],
    ['Spring sale', '.6', 'Spring'],
    ['ok', '*^8', '***ok***'],
    ['ok', '05', 'ok000'],
    ['🍰🍰', '>4', '  🍰🍰'],
    ['x', '🍰<3', 'x🍰🍰'],
  ])('%s as %j', (value, spec, wanted) => {
    expect(format(value, spec)).toBe(wanted)
  })

  test.each<[Value, string, string]>([
    ['a', 'd', "Unknown format code 'd' for object of type 'str'"],
    ['a', '=5', "'=' alignment not allowed in string format specifier"],
    ['a', '+', 'Sign not allowed in string format specifier'],
    ['a', ',', "Cannot specify ',' with 's'."],
    [5, '.2d', 'Precision not allowed in integer format specifier'],
    [2.5, 'd', "Unknown format code 'd' for object of type 'float'"],
    [65, 'zc', 'Negative zero coercion (z) not allowed in integer format specifier'],
    [5, ',_', "Cannot specify both ',' and '_'."],
    [5, '.', 'Format specifier missing precision'],
    [5, ' "5"', `Invalid format specifier ' "5"' for object of type 'int'`],
    [null, '>5', 'unsupported format string passed to NoneType.__format__'],
    [10n ** 400n, 'f', 'int too large to convert to float'],
  ])('%s as %j fails', (value, spec, message) => {
    expect(() => format(value, spec)).toThrow(message)
  })
})
