package huizheng.app.port

/** What the app uses of the device beside its screen; the wallet's own ports are in `Home`. */
class Device(val camera: Camera, files: Documents, val browser: Browser, val prompts: Prompts = Prompts()) {
    val documents: Documents = object : Documents {
        override suspend fun save(name: String, content: ByteArray) = prompts.showing { files.save(name, content) }

        override suspend fun open() = prompts.showing { files.open() }
    }
}
