"""Tests that another project can use the SDK: installed, as a subfolder, and through FetchContent of the repository.

Each way builds the same small game in C++17 and C++20 with warnings as errors, and runs it. The tests check that only
the public API is visible in the static and in the shared library, and that no target of the server is built.

    consumer_test.py <repository> <build folder of the repository>
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

REPOSITORY, BUILD = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
OURS = tuple(kind + "matchmaker::" for kind in ("", "typeinfo for ", "typeinfo name for ", "vtable for "))
CONSUMER = pathlib.Path(__file__).resolve().parent / "consumer"


def run(*words):
    environment = dict(os.environ)
    if shutil.which("ccache"):
        environment["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def exported(library):
    """The demangled names that a shared library exports, including weak symbols."""
    symbols = run("nm", "--dynamic", "--defined-only", "--demangle", "--extern-only", library)
    names = [line.split(" ", 2)[2] for line in symbols.splitlines()]
    return [name for name in names if not name.startswith(("_init", "_fini", "_edata", "_end", "__bss_start"))]


class Consumer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="mm-sdk-consumer-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def build(self, source, *settings):
        build = self.folder / "build"
        run("cmake", "-S", CONSUMER, "-B", build, "-G", "Ninja", f"-DFROM={source}", f"-DREPOSITORY={REPOSITORY}", *settings)
        run("cmake", "--build", build, "-j", "2")
        said = run(build / "game").splitlines()
        self.assertEqual(said[-1], "invalid_address")
        self.assertIn("POST /v1/auth/login: invalid_address", said[0])
        run(build / "options")
        return build

    def assert_nothing_of_the_server(self, build):
        targets = set((build / "targets.txt").read_text().split())
        self.assertEqual(targets, {"game", "options", "plugin", "matchmaker_sdk"})
        settings = (build / "CMakeCache.txt").read_text()
        self.assertNotIn("\nMM_", settings)
        self.assertNotIn("libpqxx", settings)
        self.assertIn("Total Tests: 0", run("ctest", "-N", "--test-dir", build))
        run("cmake", "--install", build, "--prefix", self.folder / "installed")
        self.assertFalse((self.folder / "installed").exists(), "the game did not ask for the SDK to be installed")

    def test_an_installed_package(self):
        prefix = self.folder / "prefix"
        run("cmake", "--install", BUILD, "--component", "sdk", "--prefix", prefix)
        self.build("package", f"-DCMAKE_PREFIX_PATH={prefix}")

    def test_a_subfolder_that_is_static(self):
        build = self.build("subdirectory")
        self.assert_nothing_of_the_server(build)
        # Templates of the standard library that the plugin itself instantiates may contain names of the SDK.
        ours = [name for name in exported(build / "libplugin.so") if name.split("<")[0].startswith(OURS)]
        self.assertEqual(ours, [])
        self.assertIn("plugin_tick", exported(build / "libplugin.so"))

    def test_the_repository_with_a_shared_library(self):
        build = self.build("repository", "-DBUILD_SHARED_LIBS=ON")
        self.assert_nothing_of_the_server(build)
        library, = build.glob("**/libmatchmaker_sdk.so")
        names = exported(library)
        for name in names:
            self.assertTrue(name.startswith(OURS), name)
            for hidden in ("Impl", "Json", "Mailbox", "Address", "Cpprest", "read("):
                self.assertNotIn(hidden, name.split("(")[0] + "(", name)
        for wanted in ("matchmaker::Client::tick()", "matchmaker::GameConnection::tick()"):
            self.assertIn(wanted, names)
        self.assertTrue(any(name.startswith("matchmaker::make_transport(") for name in names))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
