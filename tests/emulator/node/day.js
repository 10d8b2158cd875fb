/*
 * A day's work with node-quickbooks, unchanged but for its addresses.
 *
 * Takes what `python -m qbo_emulator token` prints as its argument, prints what it has seen as JSON.
 */
const QuickBooks = require('node-quickbooks')

const access = JSON.parse(process.argv[2])
QuickBooks.V3_ENDPOINT_BASE_URL = `${access.base_url}/v3/company/`
QuickBooks.TOKEN_URL = `${access.base_url}/oauth2/v1/tokens/bearer`
QuickBooks.REVOKE_URL = `${access.base_url}/v2/oauth2/tokens/revoke`
QuickBooks.USER_INFO_URL = `${access.base_url}/v1/openid_connect/userinfo`

const clientWith = (token) => new QuickBooks(
  access.client_id, access.client_secret, token, false, access.realm_id,
  true, false, 75, '2.0', access.refresh_token)
const client = clientWith(access.access_token)

// One call as a promise; `error` instead where it fails: the status, and the code of the fault.
const call = (name, ...given) => callOf(client, name, ...given)
const callOf = (who, name, ...given) => new Promise((resolve) => {
  who[name](...given, (failure, body) => {
    if (!failure) return resolve(body)
    const answer = failure.response || {}
    const fault = (answer.data || failure).Fault || { Error: [{}] }
    resolve({ error: { status: answer.status, code: fault.Error[0].code } })
  })
})

const sales = (amount) => [{
  Amount: amount,
  DetailType: 'SalesItemLineDetail',
  SalesItemLineDetail: { ItemRef: { value: '6' } }
}]

async function connect () {
  const first = client.token
  const refreshed = await call('refreshAccessToken')
  return {
    refreshed: refreshed.token_type,
    is_new_token: client.token !== first,
    company: (await call('getCompanyInfo', access.realm_id)).CompanyName,
    currency: (await call('getPreferences')).CurrencyPrefs.HomeCurrency.value
  }
}

async function names () {
  const body = { DisplayName: "Nora's Quist", PrimaryEmailAddr: { Address: 'nora@quist.example' } }
  const made = await call('createCustomer', { ...body, requestId: 'node-1' })
  const again = await call('createCustomer', { ...body, requestId: 'node-1' })
  const update = { Id: made.Id, SyncToken: made.SyncToken, Notes: 'changed' }
  const changed = await call('updateCustomer', update)
  const stale = await call('updateCustomer', { ...update, Notes: 'late' })
  const found = await call('findCustomers', [
    { field: 'DisplayName', value: "Nora's%", operator: 'LIKE' }, { field: 'limit', value: 5 }
  ])
  const all = await call('findCustomers', { fetchAll: true, limit: 10, asc: 'Id' })
  const counted = await call('findCustomers', { count: true })
  return {
    id: made.Id,
    replayed: again.Id,
    changed: [changed.Notes, changed.SyncToken, changed.PrimaryEmailAddr.Address],
    stale,
    found: found.QueryResponse.Customer.map((each) => each.DisplayName),
    fetched: new Set(all.QueryResponse.Customer.map((each) => each.Id)).size,
    counted: counted.QueryResponse.totalCount,
    duplicate: await call('createCustomer', body),
    absent: await call('getCustomer', '4711'),
    nonsense: await call('createCustomer', { DisplayName: 'X', Nonsense: 1 })
  }
}

async function invoices () {
  const since = new Date(Date.now() - 60000)
  const customer = { CustomerRef: { value: '6' } }
  const made = await call('createInvoice', { ...customer, DocNumber: 'N-1', Line: sales(100) })
  const update = { Id: made.Id, SyncToken: made.SyncToken, PrivateNote: 'seen' }
  await call('updateInvoice', update)
  const line = { Amount: 100, LinkedTxn: [{ TxnId: made.Id, TxnType: 'Invoice' }] }
  const paid = await call('createPayment', { ...customer, TotalAmt: 100, Line: [line] })
  const balance = (await call('getInvoice', made.Id)).Balance
  await call('voidPayment', { Id: paid.Id, SyncToken: paid.SyncToken })
  const open = (await call('getInvoice', made.Id)).Balance
  const found = await call('findInvoices', { DocNumber: 'N-1' })
  await call('voidInvoice', made.Id)
  const voided = await call('getInvoice', made.Id)
  const deleted = await call('deleteInvoice', made.Id)
  const changes = await call('changeDataCapture', ['Invoice', 'Payment'], since)
  const [invoices] = changes.CDCResponse[0].QueryResponse.filter((each) => each.Invoice)
  return {
    balances: [made.Balance, balance, open, voided.Balance],
    found: found.QueryResponse.Invoice.map((each) => each.Id === made.Id),
    deleted: deleted.Invoice.status,
    cdc: invoices.Invoice.filter((each) => each.Id === made.Id).map((each) => each.status)
  }
}

async function others () {
  const customer = { CustomerRef: { value: '6' }, Line: sales(5) }
  const seen = {}
  for (const kind of ['Estimate', 'CreditMemo', 'SalesReceipt']) {
    const made = await call(`create${kind}`, customer)
    const read = await call(`get${kind}`, made.Id)
    const deleted = await call(`delete${kind}`, made.Id)
    seen[kind] = [read.TotalAmt, deleted[kind].status]
  }
  for (const kind of ['Items', 'Accounts', 'Terms', 'TaxCodes', 'Vendors', 'PaymentMethods']) {
    const found = await call(`find${kind}`, { limit: 3 })
    seen[kind] = Object.values(found.QueryResponse).filter(Array.isArray)[0].length
  }
  return seen
}

async function batch () {
  const answer = await call('batch', [
    { bId: '1', operation: 'create', Customer: { DisplayName: 'Batch' } },
    { bId: '2', operation: 'create', Customer: { DisplayName: "Amy's Bird Sanctuary" } },
    { bId: '3', Query: 'select * from Term maxresults 2' }
  ])
  const [made, refused, found] = answer.BatchItemResponse
  return [made.Customer.DisplayName, refused.Fault.Error[0].code, found.QueryResponse.Term.length]
}

async function leave () {
  const stranger = await callOf(clientWith('nonsense'), 'getCustomer', '1')
  await call('revokeAccess', true)
  return { stranger, revoked: client.token }
}

(async () => {
  const seen = {}
  for (const part of [connect, names, invoices, others, batch, leave]) seen[part.name] = await part()
  process.stdout.write(JSON.stringify(seen))
})()
