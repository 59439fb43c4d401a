import { expect, test } from 'vitest'
import { checkedLookup, isInternalAddress } from './addresses.ts'

test.each([
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '100.64.0.1',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.1',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '2001:db8::1',
  'no address',
  '',
])('%s is internal', (address) => {
  expect(isInternalAddress(address)).toBe(true)
})

test.each(['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
  '%s is public',
  (address) => {
    expect(isInternalAddress(address)).toBe(false)
  },
)

test.each([true, false])('a name with an internal address is not handed on (all: %s)', async (all) => {
  const refused = await new Promise((resolve) => checkedLookup('localhost', { all }, resolve))
  expect(refused).toMatchObject({ message: "Hostname 'localhost' resolves to an internal address" })
})

test('what was checked is handed on', async () => {
  const found = await new Promise((resolve) =>
    checkedLookup('1.1.1.1', { all: true }, (_error, addresses) => resolve(addresses)),
  )
  expect(found).toEqual([{ address: '1.1.1.1', family: 4 }])
})
