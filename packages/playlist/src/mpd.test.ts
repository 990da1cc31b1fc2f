import { describe, expect, it } from 'vitest'
import { type DashManifest, type DashVideo, writeMpd } from './index.js'

const video: DashVideo = {
  id: 'video-1',
  codecs: 'hvc1.2.4.L120.90',
  bandwidthBps: 8_000_000.2,
  width: 1920,
  height: 1080,
  frameRate: [48000, 2002],
  colour: { primaries: 9, transfer: 16, matrix: 9, fullRange: true },
  roles: ['main'],
  timeline: {
    timescale: 24000,
    presentationTimeOffset: 2002,
    starts: Float64Array.of(2002, 146146, 290290, 500000),
    durations: Float64Array.of(144144, 144144, 48048, 1001),
  },
}

describe('writeMpd', () => {
  it('writes everything that a film has', () => {
    const mpd = writeMpd({
      durationUs: 3_723_000_500,
      title: 'A <film> & "more"',
      query: 'client=safari&price=$5',
      periods: [
        {
          video: [video],
          audio: [
            {
              id: 'audio-2',
              codecs: 'ec-3',
              bandwidthBps: 768_000,
              language: 'en',
              label: "English's",
              channels: 8,
              hasJoc: true,
              sampleRate: 48000,
              roles: ['main'],
              timeline: {
                timescale: 48000,
                presentationTimeOffset: 4004,
                startNumber: 1,
                starts: [4004],
                durations: [288_768],
              },
            },
            {
              id: 'audio-3',
              codecs: 'mp4a.40.2',
              bandwidthBps: 128_000,
              language: 'und',
              channels: 2,
              roles: ['description'],
              accessibility: ['visual-impaired'],
              timeline: { timescale: 44100, starts: [0], durations: [262_144] },
            },
          ],
          text: [
            {
              id: 'text-4',
              uri: 'text-4/text.vtt?x=1',
              language: 'de',
              label: 'Deutsch',
              roles: ['caption'],
              accessibility: [{ schemeIdUri: 'urn:example', value: 'a&b' }],
            },
          ],
          images: [
            {
              id: 'tiles',
              media: 'tiles/$Number$.jpg',
              bandwidthBps: 12_000,
              width: 1600,
              height: 720,
              columns: 5,
              rows: 4,
              timescale: 1000,
              imageDuration: 100_100,
            },
          ],
        },
      ],
    })
    expect(mpd).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="static" mediaPresentationDuration="PT1H2M3.0005S" maxSegmentDuration="PT6.016S" minBufferTime="PT6.016S">
  <ProgramInformation>
    <Title>A &lt;film&gt; &amp; &quot;more&quot;</Title>
  </ProgramInformation>
  <Period id="0" start="PT0S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:ColourPrimaries" value="9"/>
      <SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:TransferCharacteristics" value="16"/>
      <SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:MatrixCoefficients" value="9"/>
      <SupplementalProperty schemeIdUri="urn:mpeg:mpegB:cicp:VideoFullRangeFlag" value="1"/>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <SegmentTemplate timescale="24000" presentationTimeOffset="2002" initialization="$RepresentationID$/init.mp4?client=safari&amp;price=$$5" media="$RepresentationID$/$Number$.m4s?client=safari&amp;price=$$5" startNumber="0">
        <SegmentTimeline>
          <S t="2002" d="144144" r="1"/>
          <S d="48048"/>
          <S t="500000" d="1001"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="video-1" codecs="hvc1.2.4.L120.90" bandwidth="8000001" width="1920" height="1080" frameRate="24000/1001" sar="1:1"/>
    </AdaptationSet>
    <AdaptationSet contentType="audio" mimeType="audio/mp4" lang="en" segmentAlignment="true" startWithSAP="1">
      <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="12"/>
      <SupplementalProperty schemeIdUri="tag:dolby.com,2018:dash:EC3_ExtensionType:2018" value="JOC"/>
      <Label>English&apos;s</Label>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <SegmentTemplate timescale="48000" presentationTimeOffset="4004" initialization="$RepresentationID$/init.mp4?client=safari&amp;price=$$5" media="$RepresentationID$/$Number$.m4s?client=safari&amp;price=$$5" startNumber="1">
        <SegmentTimeline>
          <S t="4004" d="288768"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="audio-2" codecs="ec-3" bandwidth="768000" audioSamplingRate="48000"/>
    </AdaptationSet>
    <AdaptationSet contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1">
      <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
      <Accessibility schemeIdUri="urn:tva:metadata:cs:AudioPurposeCS:2007" value="1"/>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="description"/>
      <SegmentTemplate timescale="44100" initialization="$RepresentationID$/init.mp4?client=safari&amp;price=$$5" media="$RepresentationID$/$Number$.m4s?client=safari&amp;price=$$5" startNumber="0">
        <SegmentTimeline>
          <S t="0" d="262144"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="audio-3" codecs="mp4a.40.2" bandwidth="128000"/>
    </AdaptationSet>
    <AdaptationSet contentType="text" mimeType="text/vtt" lang="de">
      <Label>Deutsch</Label>
      <Accessibility schemeIdUri="urn:example" value="a&amp;b"/>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="caption"/>
      <Representation id="text-4" bandwidth="256">
        <BaseURL>text-4/text.vtt?x=1&amp;client=safari&amp;price=$5</BaseURL>
      </Representation>
    </AdaptationSet>
    <AdaptationSet contentType="image" mimeType="image/jpeg">
      <SegmentTemplate timescale="1000" media="tiles/$Number$.jpg?client=safari&amp;price=$$5" duration="100100" startNumber="0"/>
      <Representation id="tiles" bandwidth="12000" width="1600" height="720">
        <EssentialProperty schemeIdUri="http://dashif.org/guidelines/thumbnail_tile" value="5x4"/>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
`)
  })

  it('puts the rungs of a ladder into one set, and joined films into periods', () => {
    const timeline = { timescale: 25, starts: [0], durations: [150] }
    const rung = { codecs: 'avc1.64001f', frameRate: [50, 2], timeline, pixelAspect: [4, 3], isOpenGop: true } as const
    const mpd = writeMpd({
      durationUs: 12_000_000,
      minBufferUs: 2_000_000,
      periods: [
        {
          durationUs: 6_000_000,
          video: [
            { ...rung, id: 'a', width: 1440, height: 1080, bandwidthBps: 5000, supplementalCodecs: 'dvh1.08.07/db4h' },
            { ...rung, id: 'b', width: 640, height: 480, bandwidthBps: 900 },
          ],
        },
        { id: 'second', video: [{ ...rung, id: 'a', width: 640, height: 480, bandwidthBps: 900, isInterlaced: true }] },
      ],
    })
    expect(mpd).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:scte214="urn:scte:dash:scte214-extensions" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019" type="static" mediaPresentationDuration="PT12S" maxSegmentDuration="PT6S" minBufferTime="PT2S">
  <Period id="0" start="PT0S" duration="PT6S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="3">
      <SegmentTemplate timescale="25" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s" startNumber="0">
        <SegmentTimeline>
          <S t="0" d="150"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="a" codecs="avc1.64001f" scte214:supplementalCodecs="dvh1.08.07" scte214:supplementalProfiles="db4h" bandwidth="5000" width="1440" height="1080" frameRate="25" sar="4:3"/>
      <Representation id="b" codecs="avc1.64001f" bandwidth="900" width="640" height="480" frameRate="25" sar="4:3"/>
    </AdaptationSet>
  </Period>
  <Period id="second">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="3" scanType="interlaced">
      <SegmentTemplate timescale="25" initialization="$RepresentationID$/init.mp4" media="$RepresentationID$/$Number$.m4s" startNumber="0">
        <SegmentTimeline>
          <S t="0" d="150"/>
        </SegmentTimeline>
      </SegmentTemplate>
      <Representation id="a" codecs="avc1.64001f" bandwidth="900" width="640" height="480" frameRate="25" sar="4:3"/>
    </AdaptationSet>
  </Period>
</MPD>
`)
  })

  it('refuses what would be no manifest', () => {
    const of = (change: Partial<DashVideo>): DashManifest => ({
      durationUs: 1,
      periods: [{ video: [{ ...video, ...change }] }],
    })
    expect(() => writeMpd(of({ id: 'a b' }))).toThrow('"a b" is no id')
    expect(() => writeMpd(of({ frameRate: [23.976, 1] }))).toThrow('frameRate is 23.976; it must be a whole number')
    const timeline = { timescale: 1000, starts: [0.5], durations: [1] }
    expect(() => writeMpd(of({ timeline }))).toThrow('video-1: starts[0] is 0.5; it must be a whole number')
    expect(() => writeMpd(of({ timeline: { ...timeline, starts: [] } }))).toThrow('must be as many')
    expect(() => writeMpd({ durationUs: 1, periods: [{ video: [video, video] }] })).toThrow('there twice')
  })

  it('lets no text break out of its place', () => {
    const label = `<script>&'"\u0000\ud800\n]]>😀`
    const mpd = writeMpd({
      durationUs: 0,
      title: label,
      periods: [{ text: [{ id: 't', uri: `a"b`, language: 'x"y', label }] }],
    })
    expect(mpd).toContain('<Label>&lt;script&gt;&amp;&apos;&quot;&#10;]]&gt;😀</Label>')
    expect(mpd).toContain('<BaseURL>a&quot;b</BaseURL>')
    expect(mpd).toContain('<AdaptationSet contentType="text" mimeType="text/vtt">')
  })
})
