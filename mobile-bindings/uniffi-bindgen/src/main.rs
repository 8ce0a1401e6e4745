//! Generates the Kotlin, Swift and Python of the bindings from the built library. `mobile-bindings/generate` runs it.
//! It is a program of this workspace so that it is always of the version that the library was built with.

fn main() {
    uniffi::uniffi_bindgen_main();
}
