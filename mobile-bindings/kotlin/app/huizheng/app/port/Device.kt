package huizheng.app.port

/** What the app uses of the device beside its screen; the wallet's own ports are in `Home`. */
class Device(val camera: Camera, val documents: Documents, val browser: Browser)
