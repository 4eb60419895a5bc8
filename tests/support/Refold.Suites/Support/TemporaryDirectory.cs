// A directory that goes when the test ends, with short names for journals and files in it.
// Used by the tests of the tool.
namespace Refold.Suites;

internal sealed class TemporaryDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("refold-").FullName;

    public string File(string name) => System.IO.Path.Combine(Root, name);

    public string Write(string name, string text)
    {
        System.IO.File.WriteAllText(File(name), text);
        return File(name);
    }

    /// <summary>The URI of a segment journal below the directory.</summary>
    public string Journal(string name = "journal") => "segments:" + File(name);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
