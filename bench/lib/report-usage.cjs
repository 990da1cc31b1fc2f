// Preloaded into every measured Node process: at its end it writes what the system counted for it to descriptor 3.
const { readFileSync, writeSync } = require('node:fs')

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  writeSync(3, JSON.stringify({ maxRssKiB: maxRSS, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, ...bytes() }))
})

/** Bytes through read and write calls, sockets and pipes among them; Linux only. */
function bytes() {
  try {
    const io = readFileSync('/proc/self/io', 'utf8')
    return { readBytes: Number(/rchar: (\d+)/.exec(io)[1]), writtenBytes: Number(/wchar: (\d+)/.exec(io)[1]) }
  } catch {
    return {}
  }
}
