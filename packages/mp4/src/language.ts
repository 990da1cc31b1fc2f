/**
 * ISO 639-2 codes (both kinds, where two exist) with their ISO 639-1 code, in rows of five letters: what BCP 47 wants
 * (RFC 5646 §2.2.1: the shortest). Codes that are not here have no shorter one and stay as they are.
 */
const PAIRS =
  'aaraa abkab aveae afraf akaak amham argan araar asmas avaav aymay azeaz bakba belbe bulbg bihbh bisbi bambm benbn ' +
  'bodbo tibbo brebr bosbs catca chece chach cosco crecr cescs czecs chucu chvcv cymcy welcy danda deude gerde divdv ' +
  'dzodz eweee ellel greel engen epoeo spaes estet euseu baqeu fasfa perfa fulff finfi fijfj faofo frafr frefr fryfy ' +
  'glega glagd glggl grngn gujgu glvgv hauha hebhe hinhi hmoho hrvhr scrhr hatht hunhu hyehy armhy herhz inaia indid ' +
  'ileie iboig iiiii ipkik idoio islis iceis itait ikuiu jpnja javjv katka geoka konkg kikki kuakj kazkk kalkl khmkm ' +
  'kankn korko kaukr kasks kurku komkv corkw kirky latla ltzlb luglg limli linln laolo litlt lublu lavlv mlgmg mahmh ' +
  'mrimi maomi mkdmk macmk malml monmn marmr msams mayms mltmt myamy burmy nauna nobnb ndend nepne ndong nldnl dutnl ' +
  'nnonn norno nblnr navnv nyany ocioc ojioj ormom orior osios panpa plipi polpl pusps porpt quequ rohrm runrn ronro ' +
  'rumro rusru kinrw sansa srdsc sndsd smese sagsg sinsi slksk slosk slvsl smosm snasn somso sqisq albsq srpsr sccsr ' +
  'sswss sotst sunsu swesv swasw tamta telte tgktg thath tirti tuktk tgltl tsntn tonto turtr tsots tattt twitw tahty ' +
  'uigug ukruk urdur uzbuz venve vievi volvo wlnwa wolwo xhoxh yidyi yoryo zhaza zhozh chizh zulzu'

/** QuickTime's own codes, in order (QuickTime File Format, "Language code values"); those up to 85. */
const QUICKTIME =
  'en fr de it nl sv es da pt no he ja ar fi el is mt tr hr zh-Hant ur hi th ko lt pl hu et lv se fo fa ru zh-Hans ' +
  'nl-BE ga sq ro cs sk sl yi sr mk bg uk be uz kk az az-Arab hy ka ro ky tg tk mn mn-Mong ps ku ks sd bo ne sa mr bn ' +
  'as gu pa or ml kn ta te si my km lo vi id tl ms ms-Arab am'

let shortest: Map<string, string> | undefined

function shortTag(code: string): string {
  shortest ??= new Map(PAIRS.split(' ').map(pair => [pair.slice(0, 3), pair.slice(3)]))
  return shortest.get(code) ?? code
}

/** Codes that say that nothing is said: undetermined, and the empty fields of some writers. */
const UNSAID = new Set(['und', '```', '@@@', '\x7f\x7f\x7f', 'mis', 'zxx', 'mul'])

/**
 * A track's language as BCP 47: `elng` where there is one, else `mdhd`'s packed ISO 639-2/T code (ISO/IEC 14496-12
 * §8.4.2.3) or QuickTime code; `und` where none is said.
 */
export function languageTag(packed: number, extended: string | undefined): string {
  if (extended !== undefined && /^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/.test(extended)) {
    const [primary = '', ...rest] = extended.split('-')
    return [primary.length === 3 ? shortTag(primary.toLowerCase()) : primary, ...rest].join('-')
  }
  if (packed < 0x400) return QUICKTIME.split(' ')[packed] ?? 'und'
  const code = String.fromCharCode(...[packed >> 10, packed >> 5, packed].map(letter => (letter & 31) + 0x60))
  return UNSAID.has(code) || !/^[a-z]{3}$/.test(code) ? 'und' : shortTag(code)
}
