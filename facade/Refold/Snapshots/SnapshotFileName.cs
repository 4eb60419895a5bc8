// The names of snapshot files. Made of a hash, so that any stream's name is a safe file name, and no two
// streams meet. FORMAT.md, "Snapshots".
// Used by DirectorySnapshotStore.
using System.Globalization;
using System.Text;

namespace Refold;

/// <summary>The name of a snapshot file: <c>STREAMHASH.VERSION.GENERATION.snapshot</c>.</summary>
/// <param name="StreamHash">SHA-256 of the stream's UTF-8 bytes: 64 lower-case hexadecimal digits.</param>
/// <param name="Version">The snapshot's version.</param>
/// <param name="Generation">Tells apart those of the same version: the highest is the newest.</param>
internal readonly record struct SnapshotFileName(string StreamHash, long Version, long Generation)
{
    /// <summary>How a file is called that is not a snapshot yet begins.</summary>
    public const string AsidePrefix = "aside.";

    private const string Suffix = "snapshot";

    public static string HashOf(StreamId stream) => Hash.Compute(Encoding.UTF8.GetBytes(stream.Value)).ToString();

    /// <summary>The parts of a name; null for any other file.</summary>
    public static SnapshotFileName? TryParse(string name)
    {
        if (name.Split('.') is not [{ Length: 64 } hash, var version, var generation, Suffix]) return null;
        if (!long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var parsedVersion)) return null;
        if (!long.TryParse(generation, NumberStyles.None, CultureInfo.InvariantCulture, out var parsedGeneration)) return null;
        var parsed = new SnapshotFileName(hash, parsedVersion, parsedGeneration);
        return parsed.ToString() == name ? parsed : null;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{StreamHash}.{Version:D19}.{Generation}.{Suffix}");
}
