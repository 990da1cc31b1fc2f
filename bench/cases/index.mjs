import { p1 } from './p1.mjs'
import { p2 } from './p2.mjs'
import { p3 } from './p3.mjs'
import { p5mkv, p5mp4 } from './p5.mjs'
import { p8 } from './p8.mjs'

/** Every case, in the order of the table. */
export const cases = [p1, p2, p3, p5mp4, p5mkv, p8]
