// The wallet core as an Android library. `cargo xtask package-aar` builds the native part into src/main/jniLibs first.
plugins {
    id("com.android.library") version "8.7.3"
    id("org.jetbrains.kotlin.android") version "2.1.0"
}

android {
    namespace = "huizheng"
    compileSdk = 35
    defaultConfig {
        minSdk = 28 // the first with StrongBox
        consumerProguardFiles("consumer-rules.pro")
    }
    sourceSets["main"].kotlin.srcDirs("src/main/kotlin", "../shared", "../../generated/kotlin")
    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }
    kotlinOptions {
        jvmTarget = "17"
    }
}

dependencies {
    api("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.9.0")
    // 5.17 and later have libraries for pages of 16 KiB.
    implementation("net.java.dev.jna:jna:5.17.0@aar")
}
