// Says hello, and for how long it may be kept.
const http = require('http')
const ms = require('ms')

http
  .createServer((request, response) => response.end(`hello from node, for ${ms(ms('2 days'), { long: true })}\n`))
  .listen(Number(process.env.PORT || 8080))

process.on('SIGTERM', () => process.exit(0))
