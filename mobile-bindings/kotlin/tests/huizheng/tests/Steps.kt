package huizheng.tests

import java.io.File
import kotlin.test.assertEquals

/** Holds a story to `story.txt`: the same steps, in the same order, and all of them. */
class Steps {
    private val left = File(System.getProperty("huizheng.story")).readLines().filterNot { it.isEmpty() || it.startsWith("#") }.toMutableList()

    fun next(step: String) = assertEquals(left.removeFirstOrNull(), step, "story.txt goes on with something else")

    fun end() = assertEquals(emptyList(), left, "story.txt has more steps")
}
