import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder, machineProcesses, type Processes } from './folder-lock.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'cuemux-lock-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a folder is one process’s at a time, and free when that lets go', async () => {
  const lock = await lockFolder(folder)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'CAPACITY' })
  await lock.release()
  const again = await lockFolder(folder)
  await again.release()
  expect(await readdir(folder)).toEqual([])
})

test('a process that was killed holds nothing, nor does a later one of its number', async () => {
  const child = spawn('sleep', ['60'])
  await once(child, 'spawn')
  const identity = { pid: child.pid ?? 0, started: '' }
  const dead: Processes = { ...machineProcesses, self: async () => identity }
  await lockFolder(folder, dead)
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'CAPACITY' })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockFolder(folder)
  await lock.release()
  // Our own number, but another start.
  const other: Processes = { ...machineProcesses, self: async () => ({ pid: process.pid, started: 'before' }) }
  await lockFolder(folder, other)
  await (await lockFolder(folder)).release()
  expect(await readdir(folder)).toEqual([])
})

test('of many that find a dead holder one takes the folder', async () => {
  await writeFile(path.join(folder, 'lock.7'), JSON.stringify({ pid: 2 ** 30, started: '' }))
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  expect(await readdir(folder)).toEqual(['lock.8'])
})

test('a lock that says nothing is nobody’s', async () => {
  await writeFile(path.join(folder, 'lock.0'), '{')
  await (await lockFolder(folder)).release()
})
