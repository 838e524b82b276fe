//! Figures in the words of BENCHMARKS.md.

use super::server::{Server, Usage};
use super::world::World;

fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return f64::NAN;
    }
    sorted[((sorted.len() - 1) as f64 * share) as usize]
}

pub(crate) fn line(name: &str, values: &[f64]) {
    if !values.is_empty() {
        println!(
            "  {name:<34} p50 {:>8.2}   p99 {:>8.2}   max {:>8.2} ms   (n={})",
            percentile(values, 0.5),
            percentile(values, 0.99),
            percentile(values, 1.0),
            values.len()
        );
    }
}

pub(crate) fn print(name: &str, world: &World, before: Usage, after: Usage) {
    let f = &world.figures;
    let calls = (f.done + f.failed).max(1) as f64;
    let cpu = after.cpu_ms - before.cpu_ms;
    println!(
        "workload {name}: {} calls, {} failed, {} retransmissions",
        f.done + f.failed,
        f.failed,
        f.retransmissions
    );
    println!(
        "  CPU {:.2} ms a call, {:.2} ms a call-second",
        cpu / calls,
        cpu / f.call_seconds.max(0.001)
    );
    println!(
        "  memory {:.1} MB before, {:.1} MB peak ({:.0} kB a call), {:.1} MB after",
        before.rss_kb / 1e3,
        f.peak_rss_kb / 1e3,
        (f.peak_rss_kb - before.rss_kb).max(0.0) / calls,
        after.rss_kb / 1e3
    );
    line("INVITE -> 200", &f.setup);
    line("queue -> agent INVITE", &f.queue_to_invite);
    line("agent 200 -> caller hears agent", &f.answer_to_audio);
    line("one-way speech", &f.one_way);
    line("largest gap of a leg", &f.gaps);
    if f.packets > 0 {
        println!(
            "  speech packets heard {}, missing {}, legs that heard nothing or a stranger {}",
            f.packets, f.missing, f.deaf
        );
    }
}

/// No failure, no packet missing.
pub(crate) fn verdict(world: &World) -> Result<(), String> {
    let f = &world.figures;
    if f.failed > 0 || f.missing > 0 || f.deaf > 0 {
        return Err(format!(
            "{} failed, {} packets missing, {} deaf legs",
            f.failed, f.missing, f.deaf
        ));
    }
    Ok(())
}

/// What a crash left: recordings that open, and how soon the server is back.
pub(crate) fn after_kill(server: &mut Server, bridged: usize) -> Result<(), String> {
    let took = server.restart()?;
    println!(
        "workload D: kill -9 with {bridged} bridged calls; ready again after {:.2} s",
        took.as_secs_f64()
    );
    let mut open = 0usize;
    let mut seconds = Vec::new();
    let mut folders = vec![server.folder.join("data/interactions")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .map_err(|e| e.to_string())?
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "wav") {
                let wav = hound::WavReader::open(&path)
                    .map_err(|e| format!("{}: {e}", path.display()))?;
                seconds.push(f64::from(wav.duration()) / f64::from(wav.spec().sample_rate));
                open += 1;
            }
        }
    }
    println!(
        "  {open} recordings open, {:.2} to {:.2} s long",
        percentile(&seconds, 0.0),
        percentile(&seconds, 1.0)
    );
    if open == bridged {
        Ok(())
    } else {
        Err(format!("{open} recordings for {bridged} calls"))
    }
}
