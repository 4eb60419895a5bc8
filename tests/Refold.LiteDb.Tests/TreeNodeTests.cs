// Nodes of the batch tree in a LiteDB journal, against RFC 9162 written down word for word over all leaves.
// Run by `dotnet test`. That each lost or changed document of them is found is shown by DocumentChangeTests.
using Refold.LiteDb.Storage;
using Refold.Segments;
using Xunit;
using Search = Refold.LiteDb.Storage.Search;

namespace Refold.LiteDb;

public class TreeNodeTests
{
    private static readonly PlaceLimits Few = new(Entries: 20, Names: 20, PieceSize: 7);

    /// <summary>In the documents, partly in memory, read again after a process that was killed, and after a close in order.</summary>
    [Fact]
    public async Task EverySubtree_IsTheOneOfItsLeaves_HoweverFarDocumentsHaveIt()
    {
        var files = new SimulatedFiles();
        for (var round = 0; round < 3; round++)
        {
            await using var journal = LiteDbJournal.Open(files, places: Few);
            for (var number = 0; number < 37; number++)
            {
                await journal.AppendAsync(Request(number));
                if (number % 9 == 0) Check(new SimulatedFiles(files.Contents()), []);
            }
        }

        Check(files, []);
        Assert.Null(LiteDbJournal.Verify(files).First);
        using var database = Database.Open(files, readOnly: true);
        Assert.Equal(111 / 16, database.Find(Search.ByIds(Collections.Nodes, 0L, long.MaxValue)).Count);
    }

    /// <summary>Of a beginning that was dropped, the largest subtrees are left; what goes across its end is made of them.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(21)]
    [InlineData(31)]
    [InlineData(48)]
    public async Task BehindADroppedBeginning_EverySubtreeThatCanBeKnown_IsTheOneOfItsLeaves(int dropped)
    {
        using var directory = new TemporaryDirectory();
        var (source, whole, files) = (directory.File("segments"), new SimulatedFiles(), new SimulatedFiles());
        await using (var journal = SegmentJournal.Open(source, Samples.Small))
        {
            for (var number = 0; number < 60; number++) await journal.AppendAsync(Request(number));
        }

        LiteDbFiles.Write(whole, SegmentTransfer.Read(new DirectoryDevice(source)));
        var leaves = Leaves(whole);
        // A segment begins with each batch, so that any beginning can go.
        var path = directory.File("cut");
        await using (var journal = SegmentJournal.Open(path, Samples.Small.With(s => s with { SegmentBytes = 512 })))
        {
            for (var number = 0; number < 60; number++) await journal.AppendAsync(Request(number));
            await journal.CompactAsync(new CompactionRequest.RetainFrom(2 * dropped + 1));
        }

        LiteDbFiles.Write(files, SegmentTransfer.Read(new DirectoryDevice(path)));
        var first = leaves.Count - Leaves(files).Count;
        Assert.InRange(first, 1, dropped);
        Check(files, leaves.GetRange(0, first));
        await using (var journal = LiteDbJournal.Open(files, places: Few))
        {
            for (var number = 60; number < 90; number++) await journal.AppendAsync(Request(number));
        }

        Check(files, leaves.GetRange(0, first));
        Assert.Null(LiteDbJournal.Verify(files).First);
    }

    [Fact]
    public async Task AJournalWhoseNodesAreLost_IsRefused()
    {
        var files = new SimulatedFiles();
        await using (var journal = LiteDbJournal.Open(files))
        {
            for (var number = 0; number < 20; number++) await journal.AppendAsync(Request(number));
        }

        using (var database = Database.Open(files, readOnly: false))
        {
            database.Write(engine => engine.Delete(Collections.Nodes, [0L]));
            database.Checkpoint();
        }

        var exception = Assert.Throws<JournalCorruptedException>(() => LiteDbJournal.Open(files));
        Assert.Contains("nodes of the batch tree are missing", exception.ToString(), StringComparison.Ordinal);
        Assert.Contains("batch tree", LiteDbJournal.Verify(files).First!.What, StringComparison.Ordinal);
    }

    // Against all leaves, those that were dropped first.
    private static void Check(SimulatedFiles files, List<Hash> dropped)
    {
        List<Hash> leaves = [.. dropped, .. Leaves(files)];
        using var database = Database.Open(files, readOnly: true);
        var reader = new Reader(database, new EntryBlocks(database.Journal, files.Place), files.Place);
        var view = new JournalState(database, reader, Few).View;
        Assert.Equal(Root(leaves), view.Nodes.Peaks.Root);
        var tree = new TreeReader(database, view);
        var kept = BatchTreePeaks.Cover(0, dropped.Count);
        var known = 0;
        for (var height = 0; 1 << height <= leaves.Count; height++)
        {
            for (var index = 0L; (index + 1) << height <= leaves.Count; index++)
            {
                var node = new BatchTreeNode(height, index);
                Hash? expected = node.Last < dropped.Count && !kept.Contains(node)
                    ? (Hash?)null
                    // What goes across the end of the beginning is made of its largest subtrees.
                    : Root(leaves.GetRange((int)(index << height), 1 << height));
                Assert.Equal(expected, tree.Node(node));
                if (expected is not null) known++;
            }

            Assert.Equal((Hash?)null, tree.Node(new BatchTreeNode(height, leaves.Count >> height)));
        }

        Assert.True(known >= leaves.Count - dropped.Count, $"{known}");
    }

    private static List<Hash> Leaves(SimulatedFiles files)
    {
        using var database = Database.Open(files, readOnly: true);
        return [.. database.Find(Search.ByIds(Collections.Batches, 0L, long.MaxValue)).Select(row => BatchRow.Read(row).Tree.Leaf)];
    }

    /// <summary>MTH of RFC 9162, 2.1.1.</summary>
    private static Hash Root(List<Hash> leaves)
    {
        if (leaves.Count == 0) return Hash.Compute([]);
        if (leaves.Count == 1) return leaves[0];
        var half = 1;
        while (2 * half < leaves.Count) half *= 2;
        return Hash.Compute([1, .. Root(leaves[..half]).ToArray(), .. Root(leaves[half..]).ToArray()]);
    }

    private static AppendRequest Request(int number) => new(Samples.Entry("s" + number % 3, "{}"), Samples.Entry("t", "{}"));
}
