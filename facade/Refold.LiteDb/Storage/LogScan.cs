// What a log holds when it is opened: which pages it has anew, and whether its bytes are those that the mark vouches for.
// Called by Database before LiteDB sees the log.
using System.Buffers.Binary;

namespace Refold.LiteDb.Storage;

/// <summary>A log that was read once.</summary>
internal sealed class LogScan
{
    private readonly List<uint> chain = [];

    /// <summary>Pages of the data file that a confirmed transaction in it has anew, and where in the log the newest of each lies.</summary>
    public Dictionary<long, long> Pages { get; } = [];

    /// <summary>The checksum over so many checksums of pages and the next.</summary>
    public static uint Join(uint before, uint next)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, next);
        return Core.Checksum.seeded(before, bytes);
    }

    /// <summary>Reads a log, as LiteDB does: a page that confirms confirms all of its transaction before it.</summary>
    public static LogScan Of(IDatabaseFile log)
    {
        const int TransactionPlace = 14;
        var scan = new LogScan();
        var transactions = new Dictionary<uint, List<(long Page, long Offset)>>();
        var page = new byte[EngineStream.PageSize];
        var sum = 0u;
        for (long number = 0; number < log.Length / EngineStream.PageSize; number++)
        {
            log.Read(page, number * EngineStream.PageSize);
            scan.chain.Add(sum = Join(sum, PageSums.Of(number, page)));
            var transaction = BinaryPrimitives.ReadUInt32LittleEndian(page.AsSpan(TransactionPlace));
            if (!transactions.TryGetValue(transaction, out var pages)) transactions.Add(transaction, pages = []);
            pages.Add((BinaryPrimitives.ReadUInt32LittleEndian(page), number * EngineStream.PageSize));
            if (page[LogStream.ConfirmByte] == 0) continue;
            foreach (var (of, offset) in pages) scan.Pages[of] = offset;
            pages.Clear();
        }

        return scan;
    }

    /// <summary>Compares the log with what the mark says of it.</summary>
    /// <exception cref="JournalCorruptedException">It is another.</exception>
    public void Check(MarkSlot? mark, string place)
    {
        // An empty log was carried over into the data file, or is missed by the number of the last commit.
        if (mark is not { LogPages: > 0 and var pages, LogSum: var sum } || chain.Count == 0) return;
        if (chain.Count < pages)
            throw new JournalCorruptedException(
                place, (long)chain.Count * EngineStream.PageSize, "the length of the log", $"{pages} pages or more", $"{chain.Count}");
        if (chain[pages - 1] != sum)
            throw new JournalCorruptedException(
                place, 0, $"the checksum of the log's first {pages} pages", $"{sum:x8}", $"{chain[pages - 1]:x8}");
    }
}
