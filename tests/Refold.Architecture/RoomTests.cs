// The floor plan of ARCHITECTURE.md against the compiled code: which rooms there are, in which order, and which uses which.
// Run by `dotnet test`. A new arrow is drawn in ARCHITECTURE.md on purpose, or not at all.
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Xunit;

namespace Refold.Architecture;

public partial class RoomTests
{
    private static readonly string Plan = File.ReadAllText(Path.Combine(Repository.Root, "core", "ARCHITECTURE.md"));

    public static TheoryData<string, string> Projects => new()
    {
        { "Refold.Core", "core" },
        { "Refold.Format", "core/Format" },
        { "Refold", "facade/Refold" },
    };

    [Theory]
    [MemberData(nameof(Projects))]
    public void Arrows_AreThoseOfThePlan(string assembly, string project)
    {
        using var rooms = new CompiledRooms(assembly, project);
        var found = rooms.Arrows();
        var drawn = Drawn(assembly).SelectMany(room => room.Uses.Select(used => (room.Name, used))).ToHashSet();
        var undrawn = found.Where(arrow => !drawn.Contains(arrow.Key))
            .Select(arrow => $"{arrow.Key.From} -> {arrow.Key.To}: {arrow.Value}");
        var unused = drawn.Where(arrow => !found.ContainsKey(arrow))
            .Select(arrow => $"{arrow.Name} -> {arrow.used} is drawn, and nothing uses it");
        string[] wrong = [.. undrawn, .. unused];
        Assert.True(wrong.Length == 0, string.Join((char)10, wrong));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Rooms_AreTheFoldersOfTheProject(string assembly, string project)
    {
        string[] folders =
        [
            .. Directory.GetDirectories(Path.Combine(Repository.Root, project)).Select(folder => Path.GetFileName(folder)!)
                .Where(name => name is not ("bin" or "obj" or "scripts" or "Format")),
        ];
        Assert.Equal(folders.Order(StringComparer.Ordinal), Drawn(assembly).Select(room => room.Name).Order(StringComparer.Ordinal));
    }

    // A room that is drawn uses only rooms drawn above it, so there is no cycle.
    [Theory]
    [InlineData("Refold.Core")]
    [InlineData("Refold.Format")]
    public void Arrows_PointUpwardsInThePlan(string assembly)
    {
        var above = new HashSet<string>();
        foreach (var room in Drawn(assembly))
        {
            Assert.All(room.Uses, used => Assert.Contains(used, above));
            Assert.True(above.Add(room.Name), $"{room.Name} is drawn twice");
        }
    }

    [Theory]
    [InlineData("Refold.Core", "core/Refold.Core.fsproj")]
    [InlineData("Refold.Format", "core/Format/Refold.Format.fsproj")]
    public void EveryRoom_IsOneBlockOfTheProjectFile_InTheOrderOfThePlan(string assembly, string file)
    {
        var compiled = XDocument.Load(Path.Combine(Repository.Root, file))
            .Descendants("Compile")
            .Select(item => item.Attribute("Include")!.Value)
            .ToArray();
        var blocks = new List<string>();
        foreach (var room in compiled.Select(path => path.Replace('\\', '/').Split('/')[0]))
        {
            if (blocks.LastOrDefault() != room) blocks.Add(room);
        }

        Assert.Equal(Drawn(assembly).Select(room => room.Name), blocks);
    }

    [Fact]
    public void Segments_AreKnownToThoseThatOpenOrReportThemOrKeepFilesBesideThem() =>
        Assert.Equal(
            ["Snapshots", "Delivery", "Evidence", "Opening", "Hosting"],
            Drawn("Refold").Where(room => room.Uses.Contains("Segments")).Select(room => room.Name));

    [Fact]
    public void TheScan_FindsArrows()
    {
        using var rooms = new CompiledRooms("Refold.Core", "core");
        Assert.Contains(("Journal", "Entries"), rooms.Arrows().Keys);
        Assert.DoesNotContain(("Entries", "Journal"), rooms.Arrows().Keys);
    }

    // The rows `| Room | what it is | uses |` of the table under the heading that names the assembly.
    private static List<(string Name, string[] Uses)> Drawn(string assembly)
    {
        var section = Plan.Split("\n## ")
            .Single(text =>
                text.StartsWith(assembly + "\n", StringComparison.Ordinal) || text.StartsWith(assembly + ":", StringComparison.Ordinal));
        List<(string, string[])> rows =
        [
            .. from Match row in Row().Matches(section)
               select (
                   row.Groups[1].Value,
                   row.Groups[2].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                       .Where(used => used != "-")
                       .ToArray()),
        ];
        Assert.NotEmpty(rows);
        return rows;
    }

    [GeneratedRegex(@"^\| `(\w+)` \|[^|\n]*\|([^|\n]*)\|$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
