import { median, quantile } from './statistics.mjs'

/**
 * One way to do a case's work.
 *
 * @typedef {object} Tool
 * @property {string} name
 * @property {() => Promise<Sample>} run does it once, and measures it
 */

/**
 * What one run gave. Most cases have one figure, wall time; some have several (cold, warm).
 *
 * @typedef {object} Sample
 * @property {Record<string, number>} seconds by figure
 * @property {Record<string, number>} [usage] `maxRssKiB`, `cpuSeconds`, `instructions`, `readBytes`, `writtenBytes`, `memoryBytes`, `requests`
 */

/**
 * @typedef {object} Case
 * @property {string} name as `P1`
 * @property {string} title what is done
 * @property {Record<string, number> | ((inputs: Record<string, string>) => Record<string, number>)} [budgets] by `figure/tool`: how many times as fast as the tool Cuemux must be; by figure alone: seconds; by `figure/usage`: at most so much of it
 * @property {string[]} inputs
 * @property {number} [maxRuns] where one run takes long
 * @property {(inputs: Record<string, string>, options: { isQuick: boolean }) => Tool[]} tools Cuemux first
 */

/** Runs a case's tools in alternation, so that what else the machine does hits all of them alike. */
export async function runCase(definition, inputs, { runs: wanted, isQuick }, log) {
  const runs = Math.min(wanted, definition.maxRuns ?? wanted)
  const tools = definition.tools(inputs, { isQuick })
  const samples = new Map(tools.map(tool => [tool.name, []]))
  const failures = new Map()
  for (let run = 0; run < runs; run++) {
    for (const tool of tools) {
      if (failures.has(tool.name)) continue
      log(`${definition.name} ${run + 1}/${runs} ${tool.name}`)
      try {
        samples.get(tool.name).push(await tool.run())
      } catch (error) {
        failures.set(tool.name, error instanceof Error ? error.message : String(error))
      }
    }
  }
  return tools.flatMap(tool => toRows(definition, tool.name, samples.get(tool.name), failures.get(tool.name)))
}

/** One row per figure. */
function toRows(definition, tool, samples, failure) {
  const base = { case: definition.name, title: definition.title, tool }
  if (failure !== undefined) return [{ ...base, figure: undefined, failure }]
  const usage = name => median(samples.map(sample => sample.usage?.[name]))
  return Object.keys(samples[0]?.seconds ?? {}).map(figure => {
    const seconds = samples.map(sample => sample.seconds[figure])
    return {
      ...base,
      figure,
      seconds: median(seconds),
      lowestSeconds: quantile(seconds, 0),
      highestSeconds: quantile(seconds, 1),
      runs: seconds.length,
      ...Object.fromEntries(USAGE.map(name => [name, usage(name)])),
    }
  })
}

const USAGE = ['maxRssKiB', 'cpuSeconds', 'instructions', 'readBytes', 'writtenBytes', 'memoryBytes', 'requests']
