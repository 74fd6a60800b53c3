//! Chance that repeats: what a request holds follows from the run's key and the request's number alone.
//!
//! Invariant: no request's draws depend on another's, so the same seed sends the same requests whatever the concurrency is.

use uuid::Uuid;

/// The draws of one request: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), whose
/// sequence is fixed for good, unlike that of a library's default generator.
#[derive(Debug)]
pub(super) struct Draws(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draws {
    pub(super) fn new(key: u64, n: u64) -> Self {
        Self(mix(mix(key.wrapping_add(GOLDEN)) ^ n))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number from 0 to `bound` - 1; its bias is at most `bound` / 2^64.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let scaled = (u128::from(self.next()) * u128::from(bound)) >> 64;
        // At most `bound`, which is a u64.
        scaled as u64
    }

    pub(super) fn uuid(&mut self) -> Uuid {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
    }
}

fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_same_key_and_number_draw_the_same() {
        let draw = |key, n| {
            let mut draws = Draws::new(key, n);
            (draws.next(), draws.below(100), draws.uuid())
        };
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
    }

    #[test]
    fn the_sequence_is_that_of_the_published_generator() {
        let mut draws = Draws(1_234_567);
        let drawn = [draws.next(), draws.next(), draws.next()];
        let published =
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(drawn, published);
    }

    #[test]
    fn ids_of_many_requests_and_runs_are_all_different() {
        let ids: HashSet<Uuid> =
            (0..20).flat_map(|key| (0..5_000).map(move |n| Draws::new(key, n).uuid())).collect();
        assert_eq!(ids.len(), 100_000);
        assert!(ids.iter().all(|id| id.get_version_num() == 4));
    }

    #[test]
    fn what_is_below_a_bound_reaches_every_number_about_as_often() {
        let mut counts = [0_u32; 10];
        for n in 0..100_000 {
            counts[usize::try_from(Draws::new(1, n).below(10)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
