// A directory that is made under a name of its own, and gets the name it was asked for when it is whole.
// Called by backup: what a killed process leaves is never taken for a backup.
using System.Security.Cryptography;
using Refold.Segments;

namespace Refold.Cli.Shell;

internal sealed class NewDirectory : IDisposable
{
    private readonly string place;

    /// <summary>Fails, and makes nothing, where something is at the place already.</summary>
    public NewDirectory(string directory)
    {
        place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (File.Exists(place))
            throw new ToolException(ExitCode.Unreadable, $"{directory} is a file; name a directory that is empty, or not there.");
        if (Directory.Exists(place) && Directory.EnumerateFileSystemEntries(place).Any())
            throw new ToolException(ExitCode.Unreadable, $"{directory} is not empty; name a directory that is, or one that is not there.");
        Partial = new DirectoryDevice($"{place}.partial-{RandomNumberGenerator.GetHexString(12, lowercase: true)}");
    }

    /// <summary>Where it is made.</summary>
    public DirectoryDevice Partial { get; }

    /// <summary>Gives it its name, durably.</summary>
    public void Finish()
    {
        if (Directory.Exists(place))
            Directory.Delete(place);
        Directory.Move(Partial.Place, place);
        new DirectoryDevice(Path.GetDirectoryName(place)!).FlushDirectory();
    }

    /// <summary>Removes what was not finished.</summary>
    public void Dispose()
    {
        if (Partial.Exists)
            Directory.Delete(Partial.Place, recursive: true);
    }
}
