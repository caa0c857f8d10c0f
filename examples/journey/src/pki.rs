//! A private certificate authority and the certificates of the hosts.

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The authority that every agent of the journey trusts.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: PathBuf,
}

/// The files of one host.
#[derive(Debug)]
pub(crate) struct Files {
    /// Its certificate, PEM.
    pub(crate) certificate: PathBuf,
    /// The key of that, PEM.
    pub(crate) key: PathBuf,
}

impl Authority {
    /// Makes an authority and writes its certificate into `folder`.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn new(folder: &Path) -> io::Result<Self> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "The authority of the journey");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)?;
        let authority = Self { issuer, folder: folder.to_owned() };
        fs::write(authority.certificate(), authority.issuer.pem())?;
        Ok(authority)
    }

    /// The authority's own certificate, PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// Makes a certificate for `hosts`, named after the first of them.
    ///
    /// # Errors
    /// The files cannot be written.
    pub(crate) fn issue(&self, hosts: &[&str]) -> io::Result<Files> {
        let names: Vec<String> = hosts.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, hosts[0]);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let file = |end: &str| self.folder.join(format!("{}.{end}", hosts[0]));
        let files = Files { certificate: file("pem"), key: file("key") };
        fs::write(&files.certificate, certificate.pem())?;
        fs::write(&files.key, key.serialize_pem())?;
        Ok(files)
    }
}
