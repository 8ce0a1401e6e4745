package huizheng.jvm

import java.io.OutputStream
import java.nio.channels.Channels
import java.nio.channels.FileChannel
import java.nio.file.Files
import java.nio.file.Path
import java.nio.file.StandardCopyOption.ATOMIC_MOVE
import java.nio.file.StandardOpenOption.WRITE
import java.nio.file.attribute.PosixFilePermissions

/** Writes a file that only its owner can read: whole or not at all, and on the disk when it returns. A key that is lost takes its card with it. */
internal fun writeOwn(path: Path, write: (OutputStream) -> Unit) {
    val beside = path.resolveSibling("${path.fileName}.new")
    val mine = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
    Files.deleteIfExists(beside)
    FileChannel.open(Files.createFile(beside, mine), WRITE).use { file ->
        write(Channels.newOutputStream(file))
        file.force(true)
    }
    Files.move(beside, path, ATOMIC_MOVE)
}
