//! The wallet core for Kotlin, Swift and Python.
