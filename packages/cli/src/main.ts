#!/usr/bin/env node
import * as nodeModule from 'node:module'
import { findBundle, loadBundle } from './bundle.js'

// Node 22 and later keep compiled code between runs; Node 20 has no such function.
const { enableCompileCache } = nodeModule as { enableCompileCache?: () => unknown }
enableCompileCache?.()

const bundle = findBundle(new URL('./', import.meta.url).href)
const { start } = bundle === undefined ? await import('./process.js') : loadBundle(bundle)
await start()
