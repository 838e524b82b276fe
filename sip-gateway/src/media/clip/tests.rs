use super::*;
use crate::media::codec::decode_g722;
use crate::media::tone;
use proptest::prelude::*;

fn spec(channels: u16, rate: u32, bits: u16, float: bool) -> hound::WavSpec {
    let sample_format = if float {
        hound::SampleFormat::Float
    } else {
        hound::SampleFormat::Int
    };
    hound::WavSpec {
        channels,
        sample_rate: rate,
        bits_per_sample: bits,
        sample_format,
    }
}

/// Half a second of 1000 Hz, written by `hound`.
fn wav(spec: hound::WavSpec) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for sample in tone::sine(
        1000.0,
        16_000.0,
        spec.sample_rate as usize / 2,
        spec.sample_rate,
    ) {
        for _ in 0..spec.channels {
            match spec.sample_format {
                hound::SampleFormat::Float => {
                    writer.write_sample(f32::from(sample) / 32_768.0).unwrap()
                }
                hound::SampleFormat::Int => {
                    let wide = i64::from(sample) << 16;
                    writer
                        .write_sample((wide >> (32 - spec.bits_per_sample)) as i32)
                        .unwrap();
                }
            }
        }
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

fn plain() -> Vec<u8> {
    wav(spec(1, 8000, 16, false))
}

#[test]
fn every_depth_channel_count_and_rate_is_read() {
    for (bits, float) in [
        (8, false),
        (16, false),
        (24, false),
        (32, false),
        (32, true),
    ] {
        for channels in [1, 2] {
            for rate in [4000, 8000, 22_050, 44_100] {
                let clip = Clip::from_wav(&wav(spec(channels, rate, bits, float))).unwrap();
                assert_eq!(clip.duration(), Duration::from_millis(500));
                let pcm = clip.pcm();
                let middle = &pcm[800..3200];
                assert!(
                    tone::share(middle, 1000.0, CLIP_RATE) > 0.99,
                    "{bits} {float} {channels} {rate}"
                );
                let level = tone::rms(middle) / (16_000.0 / 2f64.sqrt());
                assert!(
                    (0.98..1.02).contains(&level),
                    "{bits} {float} {channels} {rate}: {level}"
                );
                assert_eq!(clip.ulaw().len(), clip.pcm().len());
            }
        }
    }
}

#[test]
fn opposite_channels_cancel_out() {
    let mut bytes = Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec(2, 8000, 16, false)).unwrap();
    for sample in tone::sine(400.0, 9000.0, 800, 8000) {
        writer.write_sample(sample).unwrap();
        writer.write_sample(-sample).unwrap();
    }
    writer.finalize().unwrap();
    assert!(
        Clip::from_wav(&bytes.into_inner())
            .unwrap()
            .pcm()
            .iter()
            .all(|sample| *sample == 0)
    );
}

#[test]
fn odd_parts_before_the_data_are_skipped() {
    let bytes = plain();
    let mut with_list = bytes[..12].to_vec();
    with_list.extend(b"LIST\x05\0\0\0INFO!\0");
    with_list.extend(&bytes[12..]);
    assert_eq!(Clip::from_wav(&with_list).unwrap().pcm().len(), 4000);
}

#[test]
fn lengths_of_pipes_mean_until_the_end() {
    for length in [0x7fff_f000u32, u32::MAX, 0x7fff_ffff] {
        let mut bytes = plain();
        bytes[40..44].copy_from_slice(&length.to_le_bytes());
        bytes.push(9); // half a sample
        assert_eq!(Clip::from_wav(&bytes).unwrap().pcm().len(), 4000);
    }
}

#[test]
fn broken_files_say_what_to_do() {
    let bytes = plain();
    let error = |bytes: &[u8]| Clip::from_wav(bytes).unwrap_err();
    assert_eq!(error(b"ID3 this is an MP3"), ClipError::NotWav);
    assert_eq!(error(&bytes[..12]), ClipError::Missing("fmt "));
    assert_eq!(error(&bytes[..36]), ClipError::Missing("data"));
    assert_eq!(
        error(&bytes[..5044]),
        ClipError::Truncated {
            announced: 8000,
            found: 5000
        }
    );
    let changed = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        Clip::from_wav(&bytes).unwrap_err()
    };
    assert!(matches!(changed(20, &[7, 0]), ClipError::Coding(_)));
    assert!(matches!(changed(22, &[0, 0]), ClipError::Coding(_)));
    assert!(matches!(changed(34, &[12, 0]), ClipError::Coding(_)));
    assert_eq!(
        error(&wav(spec(3, 8000, 16, false))),
        ClipError::Channels(3)
    );
    assert_eq!(error(&wav(spec(1, 2000, 16, false))), ClipError::Rate(2000));
    assert_eq!(
        error(&wav(spec(1, 384_000, 16, false))),
        ClipError::Rate(384_000)
    );
    let mut empty = bytes[..44].to_vec();
    empty[40..44].fill(0);
    assert_eq!(error(&empty), ClipError::Empty);
    assert!(
        ClipError::Truncated {
            announced: 2,
            found: 1
        }
        .to_string()
        .contains("export it again")
    );
}

#[test]
fn too_long_is_refused_before_it_is_read() {
    let mut bytes = wav(spec(1, 4000, 8, false));
    bytes.resize(44 + 4000 * 60 * 15, 0x80);
    bytes[40..44].copy_from_slice(&(4000u32 * 60 * 15).to_le_bytes());
    assert_eq!(Clip::from_wav(&bytes).unwrap_err(), ClipError::TooLong(900));
}

proptest! {
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Clip::from_wav(&bytes);
    }

    #[test]
    fn damaged_headers_never_panic(changes in proptest::collection::vec((12usize..44, any::<u8>()), 1..6)) {
        let mut bytes = wav(spec(2, 8000, 16, false));
        bytes.truncate(2044);
        for (at, value) in changes {
            bytes[at] = value;
        }
        let _ = Clip::from_wav(&bytes);
    }
}

#[test]
fn wide_band_legs_hear_what_the_file_has_of_it() {
    let file = |frequency: f64| {
        let mut bytes = Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut bytes, spec(1, 16_000, 16, false)).unwrap();
        for sample in tone::sine(frequency, 8000.0, 16_001, 16_000) {
            writer.write_sample(sample).unwrap();
        }
        writer.finalize().unwrap();
        bytes.into_inner()
    };
    for (wav, frequency) in [
        (file(1000.0), 1000.0),
        (file(5000.0), 5000.0),
        (plain(), 1000.0),
    ] {
        let clip = Clip::from_wav(&wav).unwrap();
        assert!(clip.codes(AnyCodec::G722).is_none() && clip.claim(AnyCodec::G722));
        clip.prepare(AnyCodec::G722);
        let codes = clip.codes(AnyCodec::G722).unwrap();
        // A place is the same in each codec.
        assert_eq!(codes.len(), clip.ulaw().len());
        let heard = decode_g722(codes);
        assert!(
            tone::share(&heard[1600..8000], frequency, 16_000) > 0.95,
            "{frequency}"
        );
    }
    // Narrow-band legs hear no echo of it at another pitch.
    assert!(tone::rms(&Clip::from_wav(&file(5000.0)).unwrap().pcm()[400..7600]) < 10.0);
}
