#!/usr/bin/env node
import * as nodeModule from 'node:module'

// Node 22 and later keep compiled code between runs, which halves the start; Node 20 has no such function.
const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown }
enableCompileCache?.()

const { start } = await import('./process.js')
await start()
