import { clockPicture } from './clock-picture.js'
import { edit, make, type Recipe, remux, subRip, text } from './recipe.js'

/** Length of the films that a browser plays, s. */
const LENGTH = 16

const h264 = '-c:v libx264 -preset veryfast -crf 23 -g 48 -keyint_min 48 -sc_threshold 0 -bf 3'.split(' ')
/** Length of those in which it seeks without having all of it, s. */
const LONGER = 32

const vp9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -row-mt 1 -b:v 800k -g 48 -keyint_min 48'.split(' ')
const av1 = '-c:v libsvtav1 -preset 10 -crf 35 -g 48'.split(' ')

/** A chapter of ffmpeg's metadata files; times in s. */
const chapter = (start: number, end: number, title: string): string[] => [
  '[CHAPTER]',
  'TIMEBASE=1/1',
  `START=${start}`,
  `END=${end}`,
  `title=${title}`,
]

/** Films with the clock in the picture, by name. */
export const playedRecipes: Readonly<Record<string, Recipe>> = {
  'clock_av1_opus.mkv': make(...clockPicture('24', LENGTH), ...av1, '-c:a', 'libopus', '-b:a', '96k'),
  'clock_vp9_opus.mkv': make(...clockPicture('24', LENGTH), ...vp9, '-c:a', 'libopus', '-b:a', '96k'),
  'clock_h264_flac.mkv': make(...clockPicture('24', LENGTH), ...h264, '-c:a', 'flac', '-sample_fmt', 's16'),
  'clock_h264_mp3.mkv': make(...clockPicture('24', LENGTH), ...h264, '-c:a', 'libmp3lame', '-b:a', '128k'),
  // What a browser doesn't play: sound, picture, and both.
  'clock_ac3.mkv': make(...clockPicture('24', LONGER), ...h264, '-c:a', 'ac3', '-b:a', '192k'),
  'clock_10bit.mkv': make(...clockPicture('24', LONGER), ...h264, '-pix_fmt', 'yuv420p10le', '-c:a', 'aac'),
  'clock_mpeg4.avi': make(
    ...clockPicture('24', LONGER),
    ...'-c:v mpeg4 -q:v 4 -g 48 -bf 0 -c:a libmp3lame -b:a 192k'.split(' '),
  ),
  'english.srt': subRip('Line', LENGTH),
  'spanish.srt': subRip('Renglón', LENGTH),
  'clock_two_sounds.mkv': make(
    ...clockPicture('24', LENGTH),
    ...['-map', '2:a', ...h264, '-c:a', 'aac', '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fre'],
  ),
  // Two languages to hear and two to read; the chapters are named by what they show.
  'clock_languages.mkv': {
    needs: ['clock_two_sounds.mkv', 'english.srt', 'spanish.srt'],
    program: 'ffmpeg',
    args: [
      ...['-i', 'IN(clock_two_sounds.mkv)', '-i', 'IN(english.srt)', '-i', 'IN(spanish.srt)'],
      ...['-map', '0', '-map', '1', '-map', '2', '-c', 'copy', '-c:s', 'srt'],
      ...['-metadata:s:s:0', 'language=eng', '-metadata:s:s:1', 'language=spa', '-disposition:s', '0', 'OUT'],
    ],
  },
  'clock_languages.mp4': remux('clock_languages.mkv', '-map', '0', '-c:s', 'mov_text'),
  // Closed captions in the picture's messages.
  'uncaptioned.h264': make(
    ...clockPicture('24', LENGTH),
    ...'-map 2:a -an -c:v libx264 -preset veryfast -crf 23 -g 48 -keyint_min 48 -sc_threshold 0 -bf 0'.split(' '),
    ...['-x264-params', 'sliced-threads=0:slices=1', '-f', 'h264'],
  ),
  'captions.h264': edit('uncaptioned.h264', 'captions'),
  'captions.mkv': {
    needs: ['captions.h264', 'clock_two_sounds.mkv'],
    program: 'ffmpeg',
    args: '-r 24 -i IN(captions.h264) -i IN(clock_two_sounds.mkv) -map 0:v -map 1:a:0 -c copy OUT'.split(' '),
  },
  'captions.mp4': remux('captions.mkv'),
  'captions.ts': remux('captions.mkv'),
  'captions_frag.mp4': remux('captions.mkv', '-movflags', '+frag_keyframe+empty_moov+default_base_moof+global_sidx'),
  // The captions as a track of their own, and none in the picture.
  'captions.mov': {
    needs: ['captions.ts', 'clock_two_sounds.mkv'],
    program: 'ffmpeg',
    args: [
      ...['-f', 'lavfi', '-i', 'movie=IN(captions.ts)[out0+subcc]', '-i', 'IN(clock_two_sounds.mkv)'],
      ...'-map 1:v -map 1:a:0 -map 0:s -c copy OUT'.split(' '),
    ],
  },
  'chapters.txt': text(
    [
      ';FFMETADATA1',
      ...chapter(0, 5, 'Opening'),
      ...chapter(5, 10, 'Down the <b>river'),
      ...chapter(10, 16, 'The end'),
    ].join('\n'),
  ),
  'clock_chapters.mkv': {
    needs: ['clock_two_sounds.mkv', 'chapters.txt'],
    program: 'ffmpeg',
    args: [
      ...['-i', 'IN(clock_two_sounds.mkv)', '-i', 'IN(chapters.txt)'],
      ...['-map', '0', '-c', 'copy', '-map_chapters', '1', 'OUT'],
    ],
  },
  // The English text is forced: for what is said in another language in a film with English sound.
  'clock_forced.mkv': {
    needs: ['clock_two_sounds.mkv', 'english.srt', 'spanish.srt'],
    program: 'ffmpeg',
    args: [
      ...['-i', 'IN(clock_two_sounds.mkv)', '-i', 'IN(english.srt)', '-i', 'IN(spanish.srt)'],
      ...['-map', '0', '-map', '1', '-map', '2', '-c', 'copy', '-metadata:s:s:0', 'language=eng'],
      ...['-metadata:s:s:1', 'language=spa', '-disposition:s:0', 'forced', '-disposition:s:1', '0', 'OUT'],
    ],
  },
  // A sound that every browser plays, one that it plays from another group, and one that has to be encoded.
  'clock_three_codecs.mkv': make(
    ...clockPicture('24', LENGTH),
    ...['-map', '2:a', '-map', '2:a', ...h264, '-c:a:0', 'aac', '-c:a:1', 'libopus', '-c:a:2', 'ac3', '-b:a:2', '192k'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fre', '-metadata:s:a:2', 'language=ger'],
    ...['-disposition:a', '0', '-disposition:a:0', 'default'],
  ),
}
