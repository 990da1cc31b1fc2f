import { p1 } from './p1.mjs'
import { p2 } from './p2.mjs'
import { p3 } from './p3.mjs'
import { p4mkv, p4mkvWarm, p4mp4, p4mp4Warm } from './p4.mjs'
import { p5mkv, p5mp4 } from './p5.mjs'
import { p6mkv, p6mp4 } from './p6.mjs'
import { p7 } from './p7.mjs'
import { p8 } from './p8.mjs'
import { p9 } from './p9.mjs'
import { p10 } from './p10.mjs'
import { p11 } from './p11.mjs'
import { p12 } from './p12.mjs'
import { p13 } from './p13.mjs'
import { p14 } from './p14.mjs'
import { p15 } from './p15.mjs'

/** Every case, in the order of the table. */
export const cases = [
  ...[p1, p2, p3, p4mkv, p4mkvWarm, p4mp4, p4mp4Warm, p5mp4, p5mkv, p6mkv, p6mp4],
  ...[...p7, p8, p9, p10, p11, p12, p13, p14, p15],
]
