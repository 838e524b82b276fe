//! Files read back by `hound`, an implementation that is not ours.

use super::*;
use proptest::prelude::*;
use std::path::PathBuf;

struct Place {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    Place {
        path: folder.path().join("recording-1.wav"),
        _folder: folder,
    }
}

fn read(path: &Path) -> (hound::WavSpec, Vec<i16>) {
    let mut reader = hound::WavReader::open(path).unwrap();
    (
        reader.spec(),
        reader.samples::<i16>().map(Result::unwrap).collect(),
    )
}

fn ramp(from: i16, frames: i16) -> Vec<i16> {
    (from..from + frames).flat_map(|n| [n, -n]).collect()
}

#[test]
fn samples_come_back_on_their_own_sides() {
    let place = place();
    let mut wav = WavWriter::create(&place.path, 8_000).unwrap();
    wav.write_at(0, &ramp(1, 1_600)).unwrap();
    wav.write_at(1_600, &ramp(1_601, 1_600)).unwrap();
    let finished = wav.finish(3_200).unwrap();
    assert_eq!(
        finished,
        Finished {
            frames: 3_200,
            gap_ms: 0
        }
    );
    let (spec, samples) = read(&place.path);
    assert_eq!((spec.channels, spec.sample_rate), (2, 8_000));
    assert_eq!(
        (spec.bits_per_sample, spec.sample_format),
        (16, hound::SampleFormat::Int)
    );
    assert_eq!(samples, ramp(1, 3_200));
}

#[test]
fn a_jump_becomes_silence_and_an_overlap_is_ignored() {
    let place = place();
    let mut wav = WavWriter::create(&place.path, 8_000).unwrap();
    wav.write_at(0, &ramp(1, 100)).unwrap();
    wav.write_at(50, &ramp(1_000, 100)).unwrap(); // 50 known, 50 fresh
    wav.write_at(0, &ramp(9_000, 10)).unwrap(); // all known
    wav.write_at(950, &ramp(2_000, 50)).unwrap(); // 800 missing
    let finished = wav.finish(1_080).unwrap(); // 80 missing at the end
    assert_eq!(
        finished,
        Finished {
            frames: 1_080,
            gap_ms: 110
        }
    );
    let mut expected = ramp(1, 100);
    expected.extend(ramp(1_050, 50));
    expected.extend(vec![0; 1_600]);
    expected.extend(ramp(2_000, 50));
    expected.extend(vec![0; 160]);
    assert_eq!(read(&place.path).1, expected);
}

#[test]
fn the_header_lacks_less_than_half_a_second_at_any_moment() {
    let place = place();
    let mut wav = WavWriter::create(&place.path, 8_000).unwrap();
    assert_eq!(read(&place.path).1, Vec::<i16>::new());
    for block in 0..20_i16 {
        let start = u64::from(block.unsigned_abs()) * 1_600;
        wav.write_at(start, &ramp(block, 1_600)).unwrap();
        let told = read(&place.path).1.len() as u64 / 2;
        assert!(told <= wav.frames());
        assert!(wav.frames() - told < 4_000, "{told} of {}", wav.frames());
    }
}

#[test]
fn a_cut_file_is_repaired_to_whole_frames() {
    let place = place();
    let mut wav = WavWriter::create(&place.path, 16_000).unwrap();
    wav.write_at(0, &ramp(1, 3_200)).unwrap(); // 0.2 s: the header still tells nothing
    drop(wav);
    let file = OpenOptions::new().write(true).open(&place.path).unwrap();
    file.set_len(HEADER_BYTES + 3_000 * FRAME_BYTES + 3)
        .unwrap();
    let repaired = repair(&place.path).unwrap();
    assert_eq!(
        repaired,
        Repaired {
            frames: 3_000,
            sample_rate: 16_000,
            changed: true
        }
    );
    assert_eq!(read(&place.path).1, ramp(1, 3_000));
    assert!(!repair(&place.path).unwrap().changed);
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let place = place();
    std::fs::write(&place.path, b"RIFF").unwrap();
    assert!(matches!(repair(&place.path), Err(WavError::NotOurs(_))));
    let text = [b'x'; 100];
    std::fs::write(&place.path, text).unwrap();
    assert!(matches!(repair(&place.path), Err(WavError::NotOurs(_))));
    assert_eq!(std::fs::read(&place.path).unwrap(), text);
    assert!(matches!(
        WavWriter::create(&place.path, 8_000),
        Err(WavError::Io(_))
    ));
}

#[test]
fn four_gibibytes_are_refused_before_anything_is_written() {
    let place = place();
    let mut wav = WavWriter::create(&place.path, 8_000).unwrap();
    wav.write_at(0, &[1, 2]).unwrap();
    for start in [MAX_FRAMES, u64::MAX] {
        assert!(matches!(
            wav.write_at(start, &[1, 2]),
            Err(WavError::TooLong)
        ));
    }
    assert!(matches!(wav.write_at(1, &[1]), Err(WavError::OddSamples)));
    assert!(matches!(wav.finish(u64::MAX), Err(WavError::TooLong)));
    assert_eq!(read(&place.path).1, vec![1, 2]);
    // The last place that fits: a sparse file, so this takes no room.
    wav.write_at(MAX_FRAMES - 1, &[3, 4]).unwrap();
    assert_eq!(wav.frames(), MAX_FRAMES);
    assert!(matches!(
        WavWriter::create(&place.path.with_extension("other"), 0),
        Err(WavError::BadRate(0))
    ));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The file is what a plain in-memory timeline says, whatever the order and places of the blocks.
    #[test]
    fn any_blocks_make_the_timeline_of_the_model(
        blocks in prop::collection::vec((0_u64..3_000, prop::collection::vec(any::<(i16, i16)>(), 0..400)), 0..12),
        total in 0_u64..4_000,
    ) {
        let place = place();
        let mut wav = WavWriter::create(&place.path, 8_000).unwrap();
        let mut model: Vec<i16> = Vec::new();
        let mut gap = 0;
        for (start, frames) in &blocks {
            let samples: Vec<i16> = frames.iter().flat_map(|(l, r)| [*l, *r]).collect();
            wav.write_at(*start, &samples).unwrap();
            let start = usize::try_from(*start).unwrap() * 2;
            if !samples.is_empty() && start + samples.len() > model.len() {
                if start > model.len() {
                    gap += (start - model.len()) / 2;
                    model.resize(start, 0);
                }
                model.extend_from_slice(&samples[model.len() - start..]);
            }
        }
        let total_samples = usize::try_from(total).unwrap() * 2;
        if total_samples > model.len() {
            gap += (total_samples - model.len()) / 2;
            model.resize(total_samples, 0);
        }
        let finished = wav.finish(total).unwrap();
        prop_assert_eq!(finished.frames * 2, model.len() as u64);
        prop_assert_eq!(finished.gap_ms, (gap as u64 * 1_000 + 4_000) / 8_000);
        prop_assert_eq!(read(&place.path).1, model);
    }

    #[test]
    fn a_repair_of_any_bytes_is_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let place = place();
        std::fs::write(&place.path, &bytes).unwrap();
        let _ = repair(&place.path);
    }
}
