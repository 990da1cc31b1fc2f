import { aac, edit, h264, make, merge, picture, type Recipe, remux, sound } from './recipe.js'

/** Length of most films here, s: three segments. */
const LENGTH = 14

const film = (...args: string[]): Recipe => make(...picture('24', LENGTH), ...sound(LENGTH), ...h264, ...args)
const part = (size: string, profile: string): Recipe =>
  make('-f', 'lavfi', '-i', `testsrc2=s=${size}:r=24:d=8`, ...sound(8), ...h264, '-profile:v', profile, ...aac)
/** A short MOV for each codec of sound, named by it. */
const quickTimeSounds = (codecs: Readonly<Record<string, readonly string[]>>): Record<string, Recipe> =>
  Object.fromEntries(
    Object.entries(codecs).map(([codec, args]) => [
      `${codec}.mov`,
      make(...picture('24', 8), ...sound(8), ...h264, '-c:a', codec, ...args),
    ]),
  )
/** A film behind its cover, as tracks. */
const withCover = (): Recipe => ({
  needs: ['cover.jpg', 'h264_aac.mkv'],
  program: 'ffmpeg',
  args: '-i IN(cover.jpg) -i IN(h264_aac.mkv) -map 0:v -map 1:v -map 1:a -c copy OUT'.split(' '),
})
const around = [0, 1, 2, 3, 4, 5].map(i => `0.2*sin(2*PI*t*(${300 + 90 * i}+${11 + 2 * i}*t))`).join('|')

/** One small film for each way in which packagers go wrong, by name. */
export const defectRecipes: Readonly<Record<string, Recipe>> = {
  'aac_51.mkv': make(
    ...picture('24', LENGTH),
    ...['-f', 'lavfi', '-i', `aevalsrc='${around}':c=5.1:s=48000:d=${LENGTH}`],
    ...h264,
    ...'-c:a aac -b:a 320k'.split(' '),
  ),
  'aac_22050.mkv': film(...aac, '-ar', '22050'),
  // Ten minutes of 24000/1001 and 44100 Hz: what is rounded away in every segment adds up.
  'ten_minutes.mkv': make(
    ...'-f lavfi -i testsrc2=s=64x36:r=24000/1001:d=600 -f lavfi -i sine=300:r=44100:d=600'.split(' '),
    ...'-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p -b:v 40k -g 48 -c:a aac -b:a 32k'.split(' '),
  ),
  'attachments.mkv': {
    needs: ['h264_aac.mkv', 'aac_only.m4a'],
    program: 'mkvmerge',
    args: [
      ...['-q', '-o', 'OUT', '--attachment-mime-type', 'font/ttf', '--attach-file', 'IN(aac_only.m4a)'],
      'IN(h264_aac.mkv)',
    ],
  },
  // Its pictures begin ten seconds after its sound.
  'h264_latevideo.mkv': {
    needs: ['h264_aac.mkv'],
    program: 'ffmpeg',
    args: '-itsoffset 10 -i IN(h264_aac.mkv) -i IN(h264_aac.mkv) -map 0:v -map 1:a -c copy OUT'.split(' '),
  },
  'one_second.mp4': make(...picture('25', 1), ...sound(1), ...h264, ...aac),
  'cover.jpg': make(...'-f lavfi -i testsrc2=s=300x300 -frames:v 1'.split(' ')),
  // The cover is a video track, and the first one.
  'cover_first.mkv': withCover(),
  'cover_first.mp4': withCover(),
  'hevc_repeated.ts': make(
    ...'-f lavfi -i testsrc2=s=320x180:r=24:d=8'.split(' '),
    ...sound(8),
    ...'-c:v libx265 -preset ultrafast -x265-params log-level=error:keyint=48:repeat-headers=1 -pix_fmt yuv420p'.split(
      ' ',
    ),
    ...aac,
  ),
  'hevc_repeated.mp4': remux('hevc_repeated.ts', '-tag:v', 'hev1'),
  // Its parameter sets are in the samples only.
  'hevc_in_band.mp4': edit('hevc_repeated.mp4', 'forgetHevcSets'),
  'block_groups.mkv': merge('h264_aac.mkv', '--engage', 'no_simpleblocks'),
  'cues_of_sound.mkv': merge('h264_aac.mkv', '--cues', '0:iframes', '--cues', '1:all'),
  // Its title of 19 characters makes room for what says that headers are stripped.
  'unstripped_ac3.mkv': film(
    ...'-c:a ac3 -b:a 192k -ac 2 -write_crc32 0 -metadata:s:a title=HeaderStrippingHere'.split(' '),
  ),
  'stripped_ac3.mkv': edit('unstripped_ac3.mkv', 'stripHeaders', 2),
  'vfr_without_duration.mkv': {
    needs: ['h264_vfr.mkv'],
    program: 'mkvpropedit',
    args: '-q OUT --edit track:v1 --delete default-duration'.split(' '),
  },
  'h264_10bit.mkv': make(...picture('24', LENGTH), ...sound(LENGTH), ...h264, '-pix_fmt', 'yuv420p10le', ...aac),
  // The container names 24 frames a second, and they come when they will.
  'h264_10bit_vfr.mkv': make(
    ...picture('24', LENGTH),
    ...sound(LENGTH),
    '-vf',
    "select='not(eq(mod(n\\,7)\\,3))',settb=1/1000,setpts='PTS+mod(N\\,5)*0.009/TB'",
    ...'-r 24 -fps_mode passthrough -enc_time_base 1/1000'.split(' '),
    ...h264,
    '-pix_fmt',
    'yuv420p10le',
    ...aac,
  ),
  'mpeg4_mp3.avi': make(
    ...picture('24', LENGTH),
    ...sound(LENGTH),
    ...'-c:v mpeg4 -q:v 5 -g 48 -c:a libmp3lame -b:a 192k'.split(' '),
  ),
  'mpeg2_ac3.ts': make(
    ...picture('25', LENGTH),
    ...sound(LENGTH),
    ...'-c:v mpeg2video -b:v 3M -g 25 -c:a ac3 -b:a 192k'.split(' '),
  ),
  'ac3_51.mkv': make(
    ...picture('24', LENGTH),
    ...['-f', 'lavfi', '-i', `aevalsrc='${around}':c=5.1:s=48000:d=${LENGTH}`],
    ...h264,
    ...'-c:a ac3 -b:a 448k'.split(' '),
  ),
  'eac3_2997.mkv': make(
    ...picture('30000/1001', LENGTH),
    ...sound(LENGTH),
    ...h264,
    ...'-c:a eac3 -b:a 256k'.split(' '),
  ),
  // A constant rate that still pictures don't need.
  'filler.mkv': make(
    ...'-f lavfi -i color=gray:s=320x180:r=24:d=8 -c:v libx264 -preset veryfast -pix_fmt yuv420p -g 48'.split(' '),
    ...'-b:v 600k -maxrate 600k -bufsize 600k -x264-params nal-hrd=cbr:force-cfr=1'.split(' '),
  ),
  'delimited.mkv': remux('h264_aac.mkv', '-bsf:v', 'h264_metadata=aud=insert'),
  'mp2.mkv': film('-c:a', 'mp2', '-b:a', '192k'),
  'pcm.mkv': film('-c:a', 'pcm_s16le'),
  // As QuickTime's entries: sowt, twos, in24 with enda, fl32 and fl64, raw, lpcm.
  ...quickTimeSounds({
    pcm_s16le: [],
    pcm_s16be: [],
    pcm_s24le: [],
    pcm_s32be: [],
    pcm_f32le: [],
    pcm_f64be: [],
    pcm_s8: [],
    pcm_u8: [],
    pcm_s24be: ['-ar', '96000'],
    pcm_alaw: [],
    adpcm_ima_qt: [],
  }),
  'adpcm_ms.mkv': film('-c:a', 'adpcm_ms'),
  'adpcm_ms.avi': film('-c:a', 'adpcm_ms'),
  'h264_pcm.avi': film('-c:a', 'pcm_s16le'),
  'alac.mkv': film('-c:a', 'alac'),
  'truehd.mkv': film('-c:a', 'truehd', '-strict', '-2'),
  'wide_colours.mkv': make(
    ...picture('24', LENGTH),
    ...sound(LENGTH),
    '-vf',
    'setsar=4/3',
    ...'-colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084 -color_range tv'.split(' '),
    ...h264,
    ...aac,
  ),
  'wide_colours.mp4': remux('wide_colours.mkv'),
  // After eight seconds the picture has another size, profile and parameter sets.
  'small_part.ts': part('640x360', 'high'),
  'large_part.ts': part('854x480', 'main'),
  'changing.ts': {
    needs: ['small_part.ts', 'large_part.ts'],
    program: 'ffmpeg',
    args: ['-i', 'concat:IN(small_part.ts)|IN(large_part.ts)', '-c', 'copy', 'OUT'],
  },
  'changing.mkv': remux('changing.ts'),
  // Both sets are in the samples, the first ones alone in the sample entry.
  'changing.mp4': remux('changing.ts'),
  // A third stretch is as the first.
  'returning.ts': {
    needs: ['small_part.ts', 'large_part.ts'],
    program: 'ffmpeg',
    args: ['-i', 'concat:IN(small_part.ts)|IN(large_part.ts)|IN(small_part.ts)', '-c', 'copy', 'OUT'],
  },
  'late_change.ts': {
    needs: ['small_part.ts', 'large_part.ts'],
    program: 'ffmpeg',
    args: ['-i', 'concat:IN(small_part.ts)|IN(small_part.ts)|IN(large_part.ts)', '-c', 'copy', 'OUT'],
  },
  'returning.mkv': remux('returning.ts'),
  'returning.mp4': remux('returning.ts'),
}
