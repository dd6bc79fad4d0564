"""Archives and compressed files, walked by readers of our own over the codecs of the standard library.

Each reads what is there in every way that a program may: what a list names and what lies beside it. None trusts a
stated size, and none makes more than a small piece before the bounds are asked.
"""

from collections.abc import Mapping

from scop.attachments.archives.cab import read_cab
from scop.attachments.archives.iso import read_iso
from scop.attachments.archives.old import read_arj, read_lha
from scop.attachments.archives.rar import read_rar
from scop.attachments.archives.seven_zip import read_seven_zip
from scop.attachments.archives.streams import (
    read_bzip2,
    read_compress,
    read_gzip,
    read_lzip,
    read_lzma,
    read_opaque,
    read_xz,
)
from scop.attachments.archives.tar import read_tar
from scop.attachments.archives.unix import read_ar, read_cpio
from scop.attachments.archives.zip import read_zip
from scop.attachments.thing import Reader
from scop.attachments.true_types import TrueType

__all__ = ["READERS"]

_T = TrueType

READERS: Mapping[TrueType, tuple[Reader, ...]] = {
    **dict.fromkeys((_T.ZIP, _T.JAR, _T.APK, _T.APPX, _T.EXTENSION), (read_zip,)),
    _T.TAR: (read_tar,),
    _T.GZIP: (read_gzip,),
    _T.BZIP2: (read_bzip2,),
    _T.XZ: (read_xz,),
    _T.LZMA: (read_lzma,),
    _T.SEVEN_ZIP: (read_seven_zip,),
    _T.LZIP: (read_lzip,),
    _T.COMPRESS: (read_compress,),
    _T.RAR: (read_rar,),
    _T.CAB: (read_cab,),
    _T.ARJ: (read_arj,),
    _T.LHA: (read_lha,),
    _T.CPIO: (read_cpio,),
    **dict.fromkeys((_T.AR, _T.DEB), (read_ar,)),
    _T.ISO: (read_iso,),
    **dict.fromkeys((_T.ZSTD, _T.LZ4, _T.LZOP, _T.ACE, _T.DMG, _T.DISK_IMAGE, _T.UDF, _T.XAR), (read_opaque,)),
}
