// No ambient nondeterminism in the compiled core: what it refers to, read from metadata.
// Run by `dotnet test`. Roslyn's analyzers never see F#, so this stands for them.
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Xunit;

namespace Refold.Architecture;

public class PurityTests
{
    // Whole types: clocks, ids, random sources, the environment, threads, files, cultures taken from the thread.
    private static readonly string[] BannedTypes =
    [
        "System.Random", "System.Environment", "System.HashCode", "System.TimeProvider", "System.TimeZoneInfo", "System.Console",
        "System.Diagnostics.Stopwatch", "System.Diagnostics.Process", "System.Threading.Thread", "System.Threading.ThreadPool",
        "System.Threading.Tasks.Task",
        "System.Threading.Tasks.Parallel", "System.Threading.Timer", "System.IO.File", "System.IO.Directory", "System.IO.FileStream",
        "System.Net.Dns",
        "System.Security.Cryptography.RandomNumberGenerator",
        "Microsoft.FSharp.Control.FSharpAsync", "Microsoft.FSharp.Control.MailboxProcessor`1",
    ];

    // Members: those that read a clock or a culture, or differ from process to process.
    private static readonly string[] BannedMembers =
    [
        "System.DateTime.get_Now", "System.DateTime.get_UtcNow", "System.DateTime.get_Today", "System.DateTime.ToLocalTime",
        "System.DateTimeOffset.get_Now", "System.DateTimeOffset.get_UtcNow", "System.DateTimeOffset.ToLocalTime",
        "System.DateTimeOffset.get_LocalDateTime",
        "System.Guid.NewGuid", "System.Guid.CreateVersion7", "System.String.GetHashCode", "System.String.ToLower", "System.String.ToUpper",
        "System.Char.ToLower", "System.Char.ToUpper", "System.String.CompareTo", "System.StringComparer.get_CurrentCulture",
        "System.StringComparer.get_CurrentCultureIgnoreCase", "System.Globalization.CultureInfo.get_CurrentCulture",
        "System.Globalization.CultureInfo.get_CurrentUICulture", "System.Globalization.CultureInfo.set_CurrentCulture",
        "System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode", "System.Math.Log", "System.Math.Log2", "System.Math.Log10",
        "System.Math.Exp", "System.Math.Pow", "System.Math.Sin", "System.Math.Cos", "System.Math.Tan",
        "System.Math.Cbrt", "System.Double.Log", "System.Double.Exp", "System.Double.Pow",
    ];

    // Overloads without a culture: the same member is right with one.
    private static readonly string[] BannedWithoutParameters =
    [
        "System.Int32.ToString", "System.Int64.ToString", "System.UInt64.ToString", "System.Double.ToString", "System.Decimal.ToString",
        "System.DateTime.ToString", "System.DateTimeOffset.ToString", "System.Int128.ToString", "System.UInt128.ToString",
        "System.Single.ToString",
    ];

    private static readonly string[] BannedWithOneString =
    [
        "System.String.StartsWith", "System.String.EndsWith", "System.String.IndexOf", "System.String.LastIndexOf", "System.Int32.Parse",
        "System.Int64.Parse",
        "System.UInt64.Parse", "System.Double.Parse", "System.Decimal.Parse", "System.DateTime.Parse", "System.DateTimeOffset.Parse",
    ];

    [Theory]
    [InlineData("Refold.Core.dll")]
    [InlineData("Refold.Format.dll")]
    public void Core_RefersToNothingAmbient(string file)
    {
        using var image = Open(file);
        Assert.Empty(AmbientReferences(image.GetMetadataReader()));
    }

    [Fact]
    public void TheScan_FindsAmbientReferencesWhereThereAre()
    {
        // This test assembly compiles the very calls that the scan looks for.
        using var image = Open("Refold.Architecture.dll");
        var found = AmbientReferences(image.GetMetadataReader());
        Assert.Contains("System.DateTime.get_UtcNow", found);
        Assert.Contains("System.Int32.ToString()", found);
        Assert.NotEqual(0, AmbientSample().Length);
    }

    private static string AmbientSample() => DateTime.UtcNow.Ticks + 5.ToString();

    private static PEReader Open(string file) => new(File.OpenRead(Path.Combine(AppContext.BaseDirectory, file)));

    private static List<string> AmbientReferences(MetadataReader metadata)
    {
        var types = metadata.TypeReferences
            .Select(handle => NameOf(metadata, handle))
            .Where(name => BannedTypes.Contains(name));
        var members =
            from handle in metadata.MemberReferences
            let member = metadata.GetMemberReference(handle)
            where member.Parent.Kind == HandleKind.TypeReference
            let name = NameOf(metadata, (TypeReferenceHandle)member.Parent) + "." + metadata.GetString(member.Name)
            let signature = metadata.GetBlobBytes(member.Signature)
            from verdict in Judge(name, signature)
            select verdict;
        return [.. types, .. members];
    }

    // A method signature (ECMA-335 II.23.2.1): calling convention, number of parameters, return type, parameter types; 0x0E is a string.
    private static IEnumerable<string> Judge(string name, byte[] signature)
    {
        if (BannedMembers.Contains(name))
            yield return name;
        if (BannedWithoutParameters.Contains(name) && signature[1] == 0)
            yield return name + "()";
        if (BannedWithOneString.Contains(name) && signature[1] == 1 && signature[^1] == 0x0E)
            yield return name + "(string)";
    }

    private static string NameOf(MetadataReader metadata, TypeReferenceHandle handle)
    {
        TypeReference type = metadata.GetTypeReference(handle);
        return metadata.GetString(type.Namespace) + "." + metadata.GetString(type.Name);
    }
}
