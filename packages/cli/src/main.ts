#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { findBundle } from './bundle.js'

// Node 22 and later keep compiled code between runs, which halves the start; Node 20 has no such function.
const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown }
enableCompileCache?.()

const bundle = findBundle(new URL('./', import.meta.url).href)
const { start } =
  bundle === undefined ? await import('./process.js') : ((await import(bundle)) as typeof import('./process.js'))
await start()
