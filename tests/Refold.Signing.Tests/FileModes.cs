// Whether only its owner may read and write a file; where the system has no modes, the directory's rights say.
// Used by the tests of keys and of the signer's memory.
namespace Refold.Signing.Tests;

internal static class FileModes
{
    public static bool IsOfItsOwnerAlone(string path) =>
        OperatingSystem.IsWindows() || File.GetUnixFileMode(path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite);
}
