//! Keys whose bytes sort as their values do.
//!
//! Numbers are big-endian (signed ones with the sign bit flipped). In a tuple every part but the last is closed:
//! fixed-size parts as they are, text and bytes with `00` written as `00 FF` and `00 01` at the end, so that no part
//! can run into the next and order is kept.

/// A key type of a table: how stored bytes are read back.
pub trait Key {
    /// What a page of the table hands out.
    type Owned: Clone + Ord + std::fmt::Debug;

    /// Reads a key that stands at the end; `None` if the bytes are no such key.
    fn read_last(bytes: &[u8]) -> Option<Self::Owned>;

    /// Reads a key that others follow, and says what is left.
    fn read_part(bytes: &[u8]) -> Option<(Self::Owned, &[u8])>;
}

/// A value that names a row of a table keyed by `K`: `&str` and `String` for `str`, tuples of such for tuples.
pub trait KeyFor<K: ?Sized> {
    /// Appends the bytes of a key that stands at the end.
    fn write_last(&self, out: &mut Vec<u8>);

    /// Appends the bytes of a key that others follow.
    fn write_part(&self, out: &mut Vec<u8>);
}

/// A value that names the beginning of keys `K`: text for text keys, `(a,)` or `(a, b)` for tuples.
pub trait PrefixOf<K: ?Sized> {
    /// Appends the bytes all such keys begin with.
    fn write_prefix(&self, out: &mut Vec<u8>);
}

impl<K: ?Sized, Q: KeyFor<K> + ?Sized> KeyFor<K> for &Q {
    fn write_last(&self, out: &mut Vec<u8>) {
        (**self).write_last(out);
    }
    fn write_part(&self, out: &mut Vec<u8>) {
        (**self).write_part(out);
    }
}

impl<K: ?Sized, Q: PrefixOf<K> + ?Sized> PrefixOf<K> for &Q {
    fn write_prefix(&self, out: &mut Vec<u8>) {
        (**self).write_prefix(out);
    }
}

fn write_closed(bytes: &[u8], out: &mut Vec<u8>) {
    for &byte in bytes {
        out.push(byte);
        if byte == 0 {
            out.push(0xff);
        }
    }
    out.extend_from_slice(&[0, 1]);
}

fn read_closed(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut part = Vec::new();
    let mut at = 0;
    loop {
        match (*bytes.get(at)?, bytes.get(at + 1)) {
            (0, Some(0xff)) => {
                part.push(0);
                at += 2;
            }
            (0, Some(1)) => return Some((part, bytes.get(at + 2..)?)),
            (0, _) => return None,
            (byte, _) => {
                part.push(byte);
                at += 1;
            }
        }
    }
}

macro_rules! text_key {
    ($key:ty, $($borrowed:ty),+) => {
        impl Key for $key {
            type Owned = String;
            fn read_last(bytes: &[u8]) -> Option<String> {
                String::from_utf8(bytes.to_vec()).ok()
            }
            fn read_part(bytes: &[u8]) -> Option<(String, &[u8])> {
                let (part, rest) = read_closed(bytes)?;
                Some((String::from_utf8(part).ok()?, rest))
            }
        }
        $(
            impl KeyFor<$key> for $borrowed {
                fn write_last(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(self.as_bytes());
                }
                fn write_part(&self, out: &mut Vec<u8>) {
                    write_closed(self.as_bytes(), out);
                }
            }
            impl PrefixOf<$key> for $borrowed {
                fn write_prefix(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(self.as_bytes());
                }
            }
        )+
    };
}

text_key!(str, str, String);
text_key!(String, str, String);

macro_rules! bytes_key {
    ($key:ty, $($borrowed:ty),+) => {
        impl Key for $key {
            type Owned = Vec<u8>;
            fn read_last(bytes: &[u8]) -> Option<Vec<u8>> {
                Some(bytes.to_vec())
            }
            fn read_part(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
                read_closed(bytes)
            }
        }
        $(
            impl KeyFor<$key> for $borrowed {
                fn write_last(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(self);
                }
                fn write_part(&self, out: &mut Vec<u8>) {
                    write_closed(self, out);
                }
            }
            impl PrefixOf<$key> for $borrowed {
                fn write_prefix(&self, out: &mut Vec<u8>) {
                    out.extend_from_slice(self);
                }
            }
        )+
    };
}

bytes_key!([u8], [u8], Vec<u8>);
bytes_key!(Vec<u8>, [u8], Vec<u8>);

impl<const N: usize> Key for [u8; N] {
    type Owned = [u8; N];
    fn read_last(bytes: &[u8]) -> Option<[u8; N]> {
        bytes.try_into().ok()
    }
    fn read_part(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
        let (part, rest) = bytes.split_first_chunk::<N>()?;
        Some((*part, rest))
    }
}

impl<const N: usize> KeyFor<[u8; N]> for [u8; N] {
    fn write_last(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
    fn write_part(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }
}

macro_rules! number_key {
    ($($number:ty, $flip:expr);+ $(;)?) => {$(
        impl Key for $number {
            type Owned = $number;
            fn read_last(bytes: &[u8]) -> Option<$number> {
                Some(<$number>::from_be_bytes(bytes.try_into().ok()?) ^ $flip)
            }
            fn read_part(bytes: &[u8]) -> Option<($number, &[u8])> {
                let (part, rest) = bytes.split_first_chunk()?;
                Some((<$number>::from_be_bytes(*part) ^ $flip, rest))
            }
        }
        impl KeyFor<$number> for $number {
            fn write_last(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&(self ^ $flip).to_be_bytes());
            }
            fn write_part(&self, out: &mut Vec<u8>) {
                self.write_last(out);
            }
        }
    )+};
}

number_key! { u8, 0; u16, 0; u32, 0; u64, 0; u128, 0; i32, i32::MIN; i64, i64::MIN }

impl<A: Key, B: Key> Key for (A, B) {
    type Owned = (A::Owned, B::Owned);
    fn read_last(bytes: &[u8]) -> Option<Self::Owned> {
        let (a, rest) = A::read_part(bytes)?;
        Some((a, B::read_last(rest)?))
    }
    fn read_part(bytes: &[u8]) -> Option<(Self::Owned, &[u8])> {
        let (a, rest) = A::read_part(bytes)?;
        let (b, rest) = B::read_part(rest)?;
        Some(((a, b), rest))
    }
}

impl<A, B, P: KeyFor<A>, Q: KeyFor<B>> KeyFor<(A, B)> for (P, Q) {
    fn write_last(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
        self.1.write_last(out);
    }
    fn write_part(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
        self.1.write_part(out);
    }
}

impl<A, B, P: KeyFor<A>> PrefixOf<(A, B)> for (P,) {
    fn write_prefix(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
    }
}

impl<A: Key, B: Key, C: Key> Key for (A, B, C) {
    type Owned = (A::Owned, B::Owned, C::Owned);
    fn read_last(bytes: &[u8]) -> Option<Self::Owned> {
        let (a, rest) = A::read_part(bytes)?;
        let (b, rest) = B::read_part(rest)?;
        Some((a, b, C::read_last(rest)?))
    }
    fn read_part(bytes: &[u8]) -> Option<(Self::Owned, &[u8])> {
        let (a, rest) = A::read_part(bytes)?;
        let (b, rest) = B::read_part(rest)?;
        let (c, rest) = C::read_part(rest)?;
        Some(((a, b, c), rest))
    }
}

impl<A, B, C, P: KeyFor<A>, Q: KeyFor<B>, R: KeyFor<C>> KeyFor<(A, B, C)> for (P, Q, R) {
    fn write_last(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
        self.1.write_part(out);
        self.2.write_last(out);
    }
    fn write_part(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
        self.1.write_part(out);
        self.2.write_part(out);
    }
}

impl<A, B, C, P: KeyFor<A>> PrefixOf<(A, B, C)> for (P,) {
    fn write_prefix(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
    }
}

impl<A, B, C, P: KeyFor<A>, Q: KeyFor<B>> PrefixOf<(A, B, C)> for (P, Q) {
    fn write_prefix(&self, out: &mut Vec<u8>) {
        self.0.write_part(out);
        self.1.write_part(out);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes<K: ?Sized>(key: impl KeyFor<K>) -> Vec<u8> {
        let mut out = Vec::new();
        key.write_last(&mut out);
        out
    }

    proptest! {
        #[test]
        fn tuples_sort_as_their_values_and_read_back(
            a in any::<(Vec<u8>, i64, String)>(),
            b in any::<(Vec<u8>, i64, String)>(),
        ) {
            let (x, y) = (bytes::<(Vec<u8>, i64, String)>(a.clone()), bytes::<(Vec<u8>, i64, String)>(b.clone()));
            prop_assert_eq!(a.cmp(&b), x.cmp(&y));
            prop_assert_eq!(<(Vec<u8>, i64, String)>::read_last(&x), Some(a));
        }

        #[test]
        fn parts_full_of_zeroes_never_run_together(
            a in proptest::collection::vec(0_u8..2, 0..6),
            b in proptest::collection::vec(0_u8..2, 0..6),
            c in proptest::collection::vec(0_u8..2, 0..6),
            d in proptest::collection::vec(0_u8..2, 0..6),
        ) {
            let x = bytes::<(Vec<u8>, Vec<u8>)>((a.clone(), b.clone()));
            let y = bytes::<(Vec<u8>, Vec<u8>)>((c.clone(), d.clone()));
            prop_assert_eq!((a, b).cmp(&(c, d)), x.cmp(&y));
        }

        #[test]
        fn any_bytes_read_as_a_key_or_not_without_panic(bytes in any::<Vec<u8>>()) {
            let _ = <(String, u64)>::read_last(&bytes);
            let _ = <(Vec<u8>, [u8; 4], i32)>::read_last(&bytes);
        }
    }
}
