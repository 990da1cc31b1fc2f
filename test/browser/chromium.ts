import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type Page } from 'playwright-core'

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--mute-audio',
]

/** A page in a browser of its own. */
export interface OpenPage {
  readonly page: Page
  /** What the page complained of: errors that no one caught, and console errors. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Opens Debian's Chromium, which has the H.264 and AAC decoders, with a profile of its own. */
export async function openBrowser(width: number, height: number): Promise<OpenPage> {
  const profile = await mkdtemp(path.join(tmpdir(), 'cuemux-chromium-'))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: QUIET,
    viewport: { width, height },
  })
  const page = context.pages()[0] ?? (await context.newPage())
  const complaints: string[] = []
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  return {
    page,
    complaints,
    close: async () => {
      await context.close()
      await rm(profile, { recursive: true, force: true })
    },
  }
}
