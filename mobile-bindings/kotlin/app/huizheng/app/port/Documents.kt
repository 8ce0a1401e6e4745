package huizheng.app.port

/**
 * Where what the holder keeps outside of the app goes and comes from (backups, an export, a letter), each time as she chooses: on Android
 * `ActivityResultContracts.CreateDocument` and `OpenDocument`. Never a folder of the app's own: it would be lost with the phone.
 *
 * What can't be written or read is an `IOException`. A document that was made and not written (the disk is full, the coroutine was cancelled) is
 * deleted again, by `DocumentsContract.deleteDocument`: an empty one looks like a backup.
 */
interface Documents {
    /** Writes a new document. False if she chose no place for it. */
    suspend fun save(name: String, content: ByteArray): Boolean

    /** The document that she chooses; none if she chooses none, or it is longer than any backup. */
    suspend fun open(): ByteArray?
}

/** No backup is longer, in bytes. */
const val LONGEST_BACKUP = 64L * 1024 * 1024
