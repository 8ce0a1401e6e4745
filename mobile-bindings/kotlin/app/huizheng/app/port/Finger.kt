package huizheng.app.port

import huizheng.Biometrics

/**
 * The device's face or finger: on Android an `AndroidBiometrics`, where the device has strong ones.
 *
 * @param isSwitchedOn whether it guards this wallet's secret, asked while the wallet is locked and can't say
 */
class Finger(val port: Biometrics, val isSwitchedOn: () -> Boolean)
