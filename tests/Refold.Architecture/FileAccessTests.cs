// One class is the only way from the library to files, so that the crash simulator sees everything a store does.
// Run by `dotnet test`.
using System.Reflection;
using Refold.Segments;
using Xunit;

namespace Refold.Architecture;

public class FileAccessTests
{
    private static readonly Type[] FileTypes =
    [
        typeof(File), typeof(Directory), typeof(FileInfo), typeof(DirectoryInfo), typeof(FileSystemInfo), typeof(FileStream),
        typeof(RandomAccess), typeof(StreamReader), typeof(StreamWriter),
        typeof(System.IO.MemoryMappedFiles.MemoryMappedFile),
    ];

    [Fact]
    public void OnlyTheDirectoryDevice_TouchesFiles() =>
        Assert.Equal([nameof(DirectoryDevice)], ThatTouchFiles(typeof(IStorageDevice).Assembly).Distinct());

    // LiteDB's two files shrink and are locked as long as they are open, which a device for segments does not know.
    [Fact]
    public void OnlyItsLocalFiles_TouchFilesInTheAdapterOfLiteDb() =>
        Assert.Empty(ThatTouchFiles(Assembly.Load("Refold.LiteDb")).Distinct().Except(["LocalDatabaseFiles"]));

    // Keys and the memory of a signer lie beside no journal.
    [Fact]
    public void OnlyItsLocalFiles_TouchFilesInTheSignersPackage() =>
        Assert.Equal(["LocalFiles"], ThatTouchFiles(Assembly.Load("Refold.Signing")).Distinct());

    // The simulator keeps everything in memory; what further processes are handed lies in files.
    [Fact]
    public void OnlyTheFilesOfFurtherProcesses_AreTouchedInThePackageForTests() =>
        Assert.Equal(["ProcessFiles"], ThatTouchFiles(typeof(Testing.SimulatedDevice).Assembly).Distinct());

    [Fact]
    public void TheScan_FindsWhoTouchesFiles() => Assert.Contains(nameof(SourceTests), ThatTouchFiles(typeof(FileAccessTests).Assembly));

    private static IEnumerable<string> ThatTouchFiles(Assembly assembly)
    {
        var calls = CodeCalls.Of(assembly).Where(call => FileTypes.Contains(call.Called.DeclaringType)).Select(call => call.Caller);
        // The C library is another way to files.
        var native = assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
            .Where(method => method.Attributes.HasFlag(MethodAttributes.PinvokeImpl));
        return calls.Concat(native).Select(method => Outermost(method.DeclaringType!).Name);
    }

    private static Type Outermost(Type type) => type.DeclaringType is { } outer ? Outermost(outer) : type;
}
