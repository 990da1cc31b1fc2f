import { clockPicture } from './clock-picture.js'
import { make, type Recipe } from './recipe.js'

/** Length of the films that a browser plays, s. */
const LENGTH = 16

const h264 = '-c:v libx264 -preset veryfast -crf 23 -g 48 -keyint_min 48 -sc_threshold 0 -bf 3'.split(' ')
const vp9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1 -b:v 800k -g 48 -keyint_min 48'.split(' ')
const av1 = '-c:v libsvtav1 -preset 10 -crf 35 -g 48'.split(' ')

/** Films with the clock in the picture, by name. */
export const playedRecipes: Readonly<Record<string, Recipe>> = {
  'clock_av1_opus.mkv': make(...clockPicture('24', LENGTH), ...av1, '-c:a', 'libopus', '-b:a', '96k'),
  'clock_vp9_opus.mkv': make(...clockPicture('24', LENGTH), ...vp9, '-c:a', 'libopus', '-b:a', '96k'),
  'clock_h264_flac.mkv': make(...clockPicture('24', LENGTH), ...h264, '-c:a', 'flac', '-sample_fmt', 's16'),
  'clock_h264_mp3.mkv': make(...clockPicture('24', LENGTH), ...h264, '-c:a', 'libmp3lame', '-b:a', '128k'),
}
