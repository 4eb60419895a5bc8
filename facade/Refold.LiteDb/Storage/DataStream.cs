// The data file as LiteDB sees it: every page it reads is one that was written, or a named error. LiteDB itself checks no page, and goes
// round and round in some damaged ones. Made by Database; called by LiteDB.
using System.Globalization;

namespace Refold.LiteDb.Storage;

/// <summary>The data file, page by page.</summary>
/// <param name="file">The file.</param>
/// <param name="place">How errors name it.</param>
internal sealed class DataStream(IDatabaseFile file, string place) : EngineStream(file)
{
    // Pages that the log has anew: a checkpoint that was cut short may have left anything of them here, and nobody reads them.
    private HashSet<long> shadowed = [];

    /// <summary>The checksums of its pages; null where nobody vouches for them.</summary>
    public PageSums? Sums { get; private set; }

    /// <summary>Checks pages from now on.</summary>
    /// <param name="sums">Their checksums.</param>
    /// <param name="inLog">Pages that the log has anew.</param>
    /// <exception cref="JournalCorruptedException">The file ends before a page that was written.</exception>
    public void Check(PageSums? sums, IEnumerable<long> inLog)
    {
        (Sums, shadowed) = (sums, [.. inLog]);
        for (var page = (sums?.Count ?? 0) - 1L; page >= Length / PageSize; page--)
        {
            if (sums![page] != 0 && !shadowed.Contains(page))
                throw new JournalCorruptedException(
                    place, File.Length, "the length of the file",
                    string.Create(CultureInfo.InvariantCulture, $"{(page + 1) * PageSize} bytes or more"),
                    string.Create(CultureInfo.InvariantCulture, $"{File.Length} bytes"));
        }
    }

    /// <summary>Checks every page.</summary>
    /// <exception cref="JournalCorruptedException">One is not what was written.</exception>
    public void CheckAll()
    {
        var buffer = new byte[PageSize];
        for (long page = 0; page < Length / PageSize; page++) ReadChecked(page, buffer);
    }

    /// <summary>Takes the file as it is.</summary>
    /// <returns>The checksums of its pages.</returns>
    public PageSums Vouch()
    {
        var (sums, buffer) = (new PageSums(), new byte[PageSize]);
        for (long page = 0; page < Length / PageSize; page++)
        {
            File.Read(buffer, page * PageSize);
            sums[page] = PageSums.Of(page, buffer);
        }

        return Sums = sums;
    }

    /// <summary>Copies the file page by page, each checked.</summary>
    /// <exception cref="JournalCorruptedException">One is not what was written.</exception>
    public void CopyTo(IDatabaseFile copy)
    {
        var buffer = new byte[PageSize];
        for (long page = 0; page < Length / PageSize; page++)
        {
            ReadChecked(page, buffer);
            copy.Write(buffer, page * PageSize);
        }
    }

    public override int Read(Span<byte> buffer)
    {
        var place = Position;
        var read = base.Read(buffer);
        if (place % PageSize != 0 || buffer.Length != PageSize) return read;
        var page = place / PageSize;
        if (read == PageSize) Require(page, buffer);
        else if (Sums is not null && Sums[page] != 0 && !shadowed.Contains(page)) throw CutShort(page);
        return read;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var place = Position;
        var isPage = Sums is not null && place % PageSize == 0 && buffer.Length == PageSize;
        // Until it is written whole, nobody vouches for it; the log has it.
        if (isPage) shadowed.Add(place / PageSize);
        base.Write(buffer);
        if (!isPage) return;
        Sums![place / PageSize] = PageSums.Of(place / PageSize, buffer);
        shadowed.Remove(place / PageSize);
    }

    private void ReadChecked(long page, byte[] buffer)
    {
        if (File.Read(buffer, page * PageSize) != PageSize)
            throw CutShort(page);
        // Pages that were never written are zeros, and nobody reads them.
        if (Sums is null || Sums[page] != 0 || buffer.AsSpan().ContainsAnyExcept((byte)0)) Require(page, buffer);
    }

    private void Require(long page, ReadOnlySpan<byte> bytes)
    {
        if (Sums is not { } sums || shadowed.Contains(page)) return;
        var found = PageSums.Of(page, bytes);
        if (sums[page] != found)
            throw new JournalCorruptedException(place, page * PageSize, $"the checksum of {Name(page)}", Text(sums[page]), Text(found));
    }

    private JournalCorruptedException CutShort(long page) => new(place, page * PageSize, Name(page), "whole", "cut short");

    private static string Name(long page) => string.Create(CultureInfo.InvariantCulture, $"page {page}");

    private static string Text(uint sum) => sum == 0 ? "none" : sum.ToString("x8", CultureInfo.InvariantCulture);
}
