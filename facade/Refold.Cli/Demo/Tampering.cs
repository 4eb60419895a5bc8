// A copy of a journal's directory with one byte changed.
// Called by `refold demo`.
namespace Refold.Cli.Demo;

internal static class Tampering
{
    /// <summary>Copies the files and flips one bit in the middle of what was written to the first segment.</summary>
    /// <returns>The file's name and the offset of the byte.</returns>
    public static (string File, long Offset) CopyAndFlip(string source, string target)
    {
        Directory.CreateDirectory(target);
        foreach (string file in Directory.EnumerateFiles(source))
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)));
        string segment = Directory.EnumerateFiles(target, "*.seg").Order(StringComparer.Ordinal).First();
        byte[] bytes = File.ReadAllBytes(segment);
        int offset = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) / 2;
        using var stream = new FileStream(segment, FileMode.Open, FileAccess.Write);
        stream.Position = offset;
        stream.WriteByte((byte)(bytes[offset] ^ 1));
        return (Path.GetFileName(segment), offset);
    }
}
