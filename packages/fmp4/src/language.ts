/** ISO 639-1 codes with their ISO 639-2/T codes after them. */
const THREE_LETTERS =
  'aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis bmbam ' +
  'bnben bobod brbre bsbos cacat ceche chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo ' +
  'eeewe elell eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle gdgla glglg ' +
  'gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ' +
  'ikipk ioido isisl itita iuiku jajpn jvjav kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau ' +
  'kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah mimri ' +
  'mkmkd mlmal mnmon mrmar msmsa mtmlt mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav ' +
  'nynya ococi ojoji omorm orori ososs papan pipli plpol pspus ptpor quque rmroh rnrun roron rurus rwkin ' +
  'sasan scsrd sdsnd sesme sgsag sisin skslk slslv smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe ' +
  'swswa tatam tetel tgtgk ththa titir tktuk tltgl tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ' +
  'ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid yoyor zazha zhzho zuzul'

const threeLetters = new Map(THREE_LETTERS.split(' ').map(pair => [pair.slice(0, 2), pair.slice(2)]))

/** A track's language as MP4 says it. */
export interface BoxLanguage {
  /** `mdhd`: three letters of ISO 639-2/T, five bits each (ISO/IEC 14496-12 §8.4.2.3); `und` where it has none. */
  readonly packed: number
  /** `elng`: the BCP 47 tag, where it says more than `mdhd` does (§8.4.6). */
  readonly extended: string | undefined
}

/** A BCP 47 tag as `mdhd` and `elng` carry it. What is no such tag counts as `und`. */
export function boxLanguage(tag: string): BoxLanguage {
  if (!/^[a-z0-9]{2,8}(-[a-z0-9]{1,8})*$/i.test(tag)) return { packed: pack('und'), extended: undefined }
  const primary = (tag.split('-')[0] as string).toLowerCase()
  const code = primary.length === 2 ? threeLetters.get(primary) : /^[a-z]{3}$/.test(primary) ? primary : undefined
  const saysAll = code !== undefined && primary.length === tag.length
  return { packed: pack(code ?? 'und'), extended: saysAll ? undefined : tag }
}

function pack(code: string): number {
  return [...code].reduce((packed, letter) => (packed << 5) | (letter.charCodeAt(0) - 0x60), 0)
}
