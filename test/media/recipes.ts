import { aac, edit, h264, make, merge, picture, type Recipe, remux, sound } from './recipe.js'
import { defectRecipes } from './recipes-defects.js'
import { playedRecipes } from './recipes-played.js'

/** Length of the films, s: five segments of six seconds. */
const LENGTH = 30

/** The test inputs by name. */
export const recipes: Readonly<Record<string, Recipe>> = {
  ...defectRecipes,
  ...playedRecipes,
  'h264_aac.mkv': make(...picture('24', LENGTH), ...sound(LENGTH), ...h264, ...aac, '-metadata', 'title=Film'),
  'h264_aac.mp4': remux('h264_aac.mkv'), // moov at the end
  'h264_aac_fast.mp4': remux('h264_aac.mkv', '-movflags', '+faststart'),
  'h264_aac.mov': remux('h264_aac.mkv'),
  // The moov waits for the first samples, so that it has the edit lists of both tracks.
  'h264_aac_frag.mp4': remux('h264_aac.mkv', '-movflags', '+frag_keyframe+delay_moov+default_base_moof'),
  'h264_aac.ts': remux('h264_aac.mkv'),
  // As a live stream writes it: sizes unknown, no Cues, no duration.
  'live_sized.mkv': remux('h264_aac.mkv', '-live', '1', '-write_crc32', '0', '-cluster_time_limit', '2000'),
  'live.mkv': edit('live_sized.mkv', 'forgetSizes'),
  'h264_opengop.mp4': remux('h264_opengop.mkv'),
  'h264_23976.mkv': make(...picture('24000/1001', LENGTH), ...sound(LENGTH), ...h264, ...aac),
  'h264_5994.mp4': make(...picture('60000/1001', 7), ...h264),
  'h264_vfr.mkv': make(
    ...picture('24', LENGTH),
    ...sound(LENGTH),
    '-vf',
    "select='not(eq(mod(n\\,7)\\,3))'",
    '-fps_mode',
    'vfr',
    ...h264,
    ...aac,
  ),
  // Long enough that closed and open groups take turns at the segments' starts.
  'h264_opengop.mkv': make(
    ...picture('24', 60),
    ...sound(60),
    ...h264,
    '-x264-params',
    'open-gop=1:bframes=3:b-adapt=2',
    ...aac,
  ),
  'h264_44100.mkv': make(...picture('25', LENGTH), ...sound(LENGTH), ...h264, ...aac, '-ar', '44100'),
  'h264_cuesfront.mkv': remux('h264_aac.mkv', '-cues_to_front', '1'),
  'h264_offset10.mkv': {
    needs: ['h264_aac.mkv'],
    program: 'ffmpeg',
    args: ['-itsoffset', '10', '-i', 'IN(h264_aac.mkv)', '-c', 'copy', 'OUT'],
  },
  'h264_lateaudio.mkv': {
    needs: ['h264_aac.mkv'],
    program: 'ffmpeg',
    args: '-i IN(h264_aac.mkv) -itsoffset 0.74 -i IN(h264_aac.mkv) -map 0:v -map 1:a -c copy OUT'.split(' '),
  },
  'h264_videoonly.mkv': remux('h264_aac.mkv', '-map', '0:v'),
  'aac_only.mka': remux('h264_aac.mkv', '-map', '0:a'),
  'aac_only.m4a': remux('h264_aac.mkv', '-map', '0:a'),
  'rotated.mp4': remux('h264_aac.mkv', '-metadata:s:v', 'rotate=90'),
  'h264_ac3.mkv': make(...picture('24', LENGTH), ...sound(LENGTH), ...h264, '-c:a', 'ac3', '-b:a', '192k', '-ac', '2'),
  'two_sounds.mkv': make(
    ...picture('24', LENGTH),
    ...sound(LENGTH),
    ...'-map 0:v -map 1:a -map 1:a -c:a:0 aac -b:a:0 128k -c:a:1 libopus -b:a:1 96k'.split(' '),
    ...'-metadata:s:a:0 language=eng -metadata:s:a:1 language=fre -disposition:a:0 default'.split(' '),
    ...h264,
  ),
  'second_sound_first.mkv': remux(
    'two_sounds.mkv',
    '-map',
    '0',
    '-disposition:a:0',
    '0',
    '-disposition:a:1',
    'default',
  ),
  'lacing.mkv': merge('h264_ac3.mkv', '--engage', 'lacing_xiph'),
  'lacing_ebml_aac.mkv': merge('h264_aac.mkv', '--engage', 'lacing_ebml'),
  'zlib.mkv': merge('two_sounds.mkv', '--compression', '0:zlib', '--compression', '1:zlib'),
  'truncated.mkv': edit('h264_aac.mkv', 'cut', 2 / 3),
  'truncated.mp4': edit('h264_aac_fast.mp4', 'cut', 2 / 3),
  // Half an hour of small samples: what opening costs shows here.
  'long.mkv': make(
    ...'-f lavfi -i testsrc2=s=64x36:r=24:d=1800 -f lavfi -i sine=300:r=48000:d=1800'.split(' '),
    ...'-c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 40k -g 48 -c:a aac -b:a 24k'.split(' '),
  ),
  'long.mp4': remux('long.mkv'),
}
