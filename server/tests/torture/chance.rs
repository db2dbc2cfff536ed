/// Chance that is the same again for the same seed: splitmix64.
#[derive(Clone)]
pub struct Chance(u64);

impl Chance {
    /// Of one seed there are many, one for each purpose.
    pub fn of(seed: u64, purpose: u64) -> Self {
        let mut chance = Self(seed ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        chance.next();
        chance
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From `least` to `most`, both of them included.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    pub fn in_a_hundred(&mut self, times: u64) -> bool {
        self.next() % 100 < times
    }

    pub fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        let place = self.next() % u64::try_from(among.len()).unwrap();
        among[usize::try_from(place).unwrap()].clone()
    }
}
